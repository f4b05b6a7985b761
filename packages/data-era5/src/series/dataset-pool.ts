import type { GriddedDataset } from "../gridded-dataset.js";

/** Opens datasets when they are used, and keeps at most so many open that no one uses. */
export interface DatasetPool {
  use<Result>(uri: string, read: (dataset: GriddedDataset) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

interface Slot {
  readonly dataset: Promise<GriddedDataset>;
  users: number;
}

export function makeDatasetPool(open: (uri: string) => Promise<GriddedDataset>, maxOpen: number): DatasetPool {
  const slots = new Map<string, Slot>();
  const closeSlot = async (uri: string, { dataset }: Slot): Promise<void> => {
    slots.delete(uri);
    await dataset.then(
      (opened) => opened.close(),
      () => {}, // Whoever opened it was told.
    );
  };
  return {
    async use(uri, read) {
      const slot = slots.get(uri) ?? { dataset: open(uri), users: 0 };
      slots.delete(uri); // Now the one used last.
      slots.set(uri, slot);
      slot.users++;
      let failed = true;
      try {
        const result = await read(await slot.dataset);
        failed = false;
        return result;
      } finally {
        slot.users--;
        if (failed && slot.users === 0) await closeSlot(uri, slot);
        for (const [oldest, other] of slots) {
          if (slots.size <= maxOpen) break;
          if (other.users === 0) await closeSlot(oldest, other);
        }
      }
    },
    async close() {
      for (const [uri, slot] of slots) await closeSlot(uri, slot);
    },
  };
}
