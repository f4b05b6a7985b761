import { freshBytes } from "./fresh-bytes.js";
import type { BlockValues } from "./tiff-block.js";

/** Decoded blocks of every raster of this thread, in bytes: neighboring tiles of a scene share strips. */
const LIMIT_BYTES = 2 ** 26;

/** Gives memory that isn't cleared for a block's samples. */
export type TakeBytes = (length: number) => Uint8Array<ArrayBuffer>;

/** A block in use: its memory stays as it is until it is released. */
export interface BlockLease {
  readonly values: Promise<BlockValues>;
  release(): void;
}

/** Blocks of one image within the cache that all images share. */
export interface BlockCache {
  /** A block that is at hand or on its way. */
  find(block: number): BlockLease | undefined;
  /** Has a block decoded, and keeps it until others push it out; one that fails is forgotten. */
  add(block: number, decode: (takeBytes: TakeBytes) => Promise<BlockValues>): BlockLease;
}

interface Kept {
  readonly values: Promise<BlockValues>;
  /** 0 once others pushed it out. */
  bytes: number;
  users: number;
  /** What its samples lie in, if it came from here. */
  memory?: Uint8Array<ArrayBuffer>;
}

/** The longest unused first. */
const blocks = new Map<string, Kept>();
let heldBytes = 0;
let owners = 0;
/** Of blocks that were pushed out: fresh memory for each block would cost as much as half its decoding. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MOST_SPARE = 8;

/** Makes an image's view of the cache. */
export function makeBlockCache(blockBytes: number): BlockCache {
  const owner = owners++;

  function find(block: number): BlockLease | undefined {
    const key = `${owner}/${block}`;
    const kept = blocks.get(key);
    if (kept === undefined) return undefined;
    blocks.delete(key);
    blocks.set(key, kept);
    return lease(kept);
  }

  function add(block: number, decode: (takeBytes: TakeBytes) => Promise<BlockValues>): BlockLease {
    const key = `${owner}/${block}`;
    const values = decode((length) => {
      kept.memory = takeSpare(length);
      return kept.memory;
    });
    const kept: Kept = { values, bytes: 0, users: 0 };
    values.catch(() => blocks.get(key) === kept && forget(key));
    if (blockBytes <= LIMIT_BYTES) {
      forget(key);
      kept.bytes = blockBytes;
      blocks.set(key, kept);
      heldBytes += blockBytes;
      for (const oldest of blocks.keys()) {
        if (heldBytes <= LIMIT_BYTES) break;
        forget(oldest);
      }
    }
    return lease(kept);
  }

  return { find, add };
}

function lease(kept: Kept): BlockLease {
  kept.users += 1;
  let isReleased = false;
  return {
    values: kept.values,
    release() {
      if (isReleased) return;
      isReleased = true;
      kept.users -= 1;
      recycle(kept);
    },
  };
}

function forget(key: string): void {
  const kept = blocks.get(key);
  if (kept === undefined) return;
  blocks.delete(key);
  heldBytes -= kept.bytes;
  kept.bytes = 0;
  recycle(kept);
}

/** Takes back the memory of a block that nobody holds or keeps any more. */
function recycle(kept: Kept): void {
  if (kept.users > 0 || kept.bytes > 0 || kept.memory === undefined) return;
  if (spare[0]?.length !== kept.memory.length) spare.length = 0; // All of one size.
  if (spare.length < MOST_SPARE) spare.push(kept.memory);
  delete kept.memory;
}

function takeSpare(length: number): Uint8Array<ArrayBuffer> {
  return (spare[0]?.length === length ? spare.pop() : undefined) ?? freshBytes(length);
}
