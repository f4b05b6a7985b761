import { type FileHandle, open } from "node:fs/promises";
import type { StoredValues } from "@graticule/data/arrays";

/** A tile of which some pixels are still to come. */
export interface PartialTile {
  /** `[C, tileSize, tileSize]`. */
  readonly values: StoredValues;
  /** 1 for each pixel that has been written, `[tileSize, tileSize]`. */
  readonly covered: Uint8Array;
  /** StoredValues still to come. */
  missing: number;
}

/** Partly written tiles by key: the latest in memory, the others in a scratch file. */
export interface PartialTiles {
  /** Hands a tile out and forgets it. */
  take(key: string): Promise<PartialTile | undefined>;
  put(key: string, tile: PartialTile): Promise<void>;
  /** StoredValues of a tile that are still to come. */
  missing(key: string): number;
  close(): Promise<void>;
}

export function makePartialTiles(path: string, maxBytes: number): PartialTiles {
  const inMemory = new Map<string, PartialTile>();
  const onDisk = new Map<string, { slot: number; missing: number; make: (buffer: ArrayBuffer) => StoredValues }>();
  const freeSlots: number[] = [];
  let slots = 0;
  let file: FileHandle | undefined;
  // All tiles of a raster are of one size; the first tells.
  let valueBytes = 0;
  let slotBytes = 0;

  async function take(key: string): Promise<PartialTile | undefined> {
    const tile = inMemory.get(key);
    if (tile !== undefined) {
      inMemory.delete(key);
      return tile;
    }
    const kept = onDisk.get(key);
    if (kept === undefined) return undefined;
    const bytes = new Uint8Array(slotBytes);
    await file?.read(bytes, 0, slotBytes, kept.slot * slotBytes);
    onDisk.delete(key);
    freeSlots.push(kept.slot);
    const values = kept.make(bytes.buffer.slice(0, valueBytes));
    return { values, covered: bytes.slice(valueBytes), missing: kept.missing };
  }

  async function put(key: string, tile: PartialTile): Promise<void> {
    valueBytes = tile.values.byteLength;
    slotBytes = valueBytes + tile.covered.byteLength;
    inMemory.set(key, tile);
    while (inMemory.size > 1 && inMemory.size * slotBytes > maxBytes) {
      const [oldest, evicted] = inMemory.entries().next().value as [string, PartialTile];
      inMemory.delete(oldest);
      file ??= await open(path, "wx+");
      const slot = freeSlots.pop() ?? slots++;
      const bytes = new Uint8Array(slotBytes);
      bytes.set(new Uint8Array(evicted.values.buffer, evicted.values.byteOffset, valueBytes));
      bytes.set(evicted.covered, valueBytes);
      await file.write(bytes, 0, slotBytes, slot * slotBytes);
      const make = (buffer: ArrayBuffer): StoredValues =>
        new (evicted.values.constructor as new (buffer: ArrayBuffer) => StoredValues)(buffer);
      onDisk.set(oldest, { slot, missing: evicted.missing, make });
    }
  }

  return {
    take,
    put,
    missing: (key) => (inMemory.get(key) ?? onDisk.get(key))?.missing ?? 0,
    close: async () => file?.close(),
  };
}
