import type { BlockValues } from "./tiff-block.js";

/** Decoded blocks of every raster of this thread, in bytes: neighboring tiles of a scene share strips. */
const LIMIT_BYTES = 2 ** 26;

interface Kept {
  readonly values: Promise<BlockValues>;
  readonly bytes: number;
}

/** The longest unused first. */
const blocks = new Map<string, Kept>();
let heldBytes = 0;
let owners = 0;

/** Blocks of one image within the cache that all images share. */
export interface BlockCache {
  get(block: number): Promise<BlockValues> | undefined;
  /** Keeps a block until others push it out; one that fails is forgotten. */
  set(block: number, values: Promise<BlockValues>): void;
}

/** Makes an image's view of the cache. */
export function makeBlockCache(blockBytes: number): BlockCache {
  const owner = owners++;
  return {
    get(block) {
      const key = `${owner}/${block}`;
      const kept = blocks.get(key);
      if (kept === undefined) return undefined;
      blocks.delete(key);
      blocks.set(key, kept);
      return kept.values;
    },
    set(block, values) {
      if (blockBytes > LIMIT_BYTES) return;
      const key = `${owner}/${block}`;
      forget(key);
      blocks.set(key, { values, bytes: blockBytes });
      heldBytes += blockBytes;
      for (const oldest of blocks.keys()) {
        if (heldBytes <= LIMIT_BYTES) break;
        forget(oldest);
      }
      values.catch(() => forget(key));
    },
  };
}

function forget(key: string): void {
  heldBytes -= blocks.get(key)?.bytes ?? 0;
  blocks.delete(key);
}
