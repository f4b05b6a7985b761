import { FormatError } from "@graticule/core";
import { copyBox } from "./copy-box.js";
import { product, type Region, rowMajorStrides } from "./region.js";
import { unshuffle } from "./unshuffle.js";

/** A loaded chunk: its elements as bytes in the file's byte order. */
export interface Chunk {
  /** Writes the elements `[from, to)`, in the chunk's own order, to `target` or to new memory. */
  elements(from: number, to: number, target?: Uint8Array): Uint8Array;
  /** Lets go of memory that is used again; the chunk, and views of it, must not be used afterwards. */
  release?(): void;
}

/** An array in chunks of one shape. */
export interface ChunkedArray {
  readonly chunkShape: readonly number[];
  /** Distances between neighbors inside a chunk; row-major if absent. Units: elements. */
  readonly chunkStrides?: readonly number[];
  readonly itemBytes: number;
  /** One element, for chunks that were never written. */
  readonly fill: Uint8Array;
  /**
   * Loads the chunk at a place of the grid of chunks; undefined if it was never written.
   *
   * @param isWhole all of it is read now, so that it need not be kept for the next read, and is released at once.
   * @param target where all of its elements belong, in its own order, if that is so: they may be loaded there.
   */
  loadChunk(place: readonly number[], isWhole: boolean, target?: Uint8Array): Promise<Chunk | undefined>;
}

/** Chunks that load at once: enough to keep Node's four inflating threads, or a connection, busy. */
const CONCURRENT_CHUNKS = 8;

/** A chunk this large is no training data, and would have to be held whole. Units: bytes. */
const MAX_CHUNK_BYTES = 2 ** 30;

/**
 * The bytes of a decoded chunk.
 *
 * @throws {FormatError} naming the array, if they are too many to be held.
 */
export function chunkBytesOf(where: string, chunkShape: readonly number[], itemBytes: number): number {
  const bytes = product(chunkShape) * itemBytes;
  if (!(bytes <= MAX_CHUNK_BYTES))
    throw new FormatError(
      where,
      `chunks of at most ${MAX_CHUNK_BYTES} bytes`,
      `${chunkShape.join(" × ")} values of ${itemBytes} bytes`,
      "Rewrite it with smaller chunks.",
    );
  return bytes;
}

/**
 * A chunk over its decoded bytes, which are shuffled or not.
 *
 * @throws {FormatError} if they are not as many as a chunk holds.
 */
export function makeChunk(
  where: string,
  bytes: Uint8Array,
  chunkBytes: number,
  itemBytes: number,
  shuffled: boolean,
): Chunk {
  if (bytes.length !== chunkBytes)
    throw new FormatError(where, `${chunkBytes} bytes of values`, `${bytes.length}`, "It is corrupt.");
  const elements = bytes.length / itemBytes;
  return {
    elements(from, to, target) {
      if (!shuffled && target === undefined) return bytes.subarray(from * itemBytes, to * itemBytes);
      if (target === bytes) return bytes; // They were loaded there.
      const output = target ?? new Uint8Array((to - from) * itemBytes);
      if (shuffled) unshuffle(bytes, elements, itemBytes, from, to, output);
      else output.set(bytes.subarray(from * itemBytes, to * itemBytes));
      return output;
    },
  };
}

/**
 * Reads a region through the chunks that it touches, into `into` or new memory. Layout: row-major, in the file's byte
 * order.
 */
export async function readChunked(array: ChunkedArray, region: Region, into?: Uint8Array): Promise<Uint8Array> {
  const { itemBytes, chunkShape } = array;
  const target = into ?? new Uint8Array(product(region.count) * itemBytes);
  if (target.length === 0) return target;
  const targetStrides = rowMajorStrides(region.count);
  const chunkStrides = array.chunkStrides ?? rowMajorStrides(chunkShape);
  const pieces = region.count.map((count, dim) =>
    cutByChunks(region.start[dim] as number, count, region.step[dim] as number, chunkShape[dim] as number),
  );
  const total = product(pieces.map((list) => list.length));
  const reading: Reading = { array, region, pieces, chunkStrides, target, targetStrides };
  let next = 0;
  const readNext = async (): Promise<void> => {
    while (next < total) await readPiece(reading, next++);
  };
  if (total === 1) await readPiece(reading, 0);
  else await Promise.all(Array.from({ length: Math.min(CONCURRENT_CHUNKS, total) }, readNext));
  return target;
}

/** A region that is being read, cut by chunks along each dimension. */
interface Reading {
  readonly array: ChunkedArray;
  readonly region: Region;
  readonly pieces: readonly (readonly Piece[])[];
  readonly chunkStrides: readonly number[];
  readonly target: Uint8Array;
  readonly targetStrides: readonly number[];
}

/** Reads what one of the touched chunks, in row-major order, holds of the region. */
async function readPiece(reading: Reading, number: number): Promise<void> {
  const { array, region, pieces, chunkStrides, target, targetStrides } = reading;
  const { itemBytes } = array;
  const parts: Piece[] = [];
  let rest = number;
  for (let dim = pieces.length - 1; dim >= 0; dim--) {
    const list = pieces[dim] as readonly Piece[];
    parts.unshift(list[rest % list.length] as Piece);
    rest = Math.floor(rest / list.length);
  }
  const counts = parts.map(({ count }) => count);
  const isWhole = product(counts) === product(array.chunkShape);
  const steps = parts.map((_, dim) => (region.step[dim] as number) * (chunkStrides[dim] as number));
  const from = parts.reduce((sum, { first }, dim) => sum + first * (chunkStrides[dim] as number), 0);
  const to = 1 + counts.reduce((sum, count, dim) => sum + (count - 1) * (steps[dim] as number), from);
  const offset = parts.reduce((sum, { at }, dim) => sum + at * (targetStrides[dim] as number), 0);
  const isRun = product(counts) === to - from && isOneRun(counts, steps, targetStrides);
  const run = isRun ? target.subarray(offset * itemBytes, (offset + to - from) * itemBytes) : undefined;
  const chunk = await array.loadChunk(
    parts.map(({ chunk }) => chunk),
    isWhole,
    isWhole ? run : undefined,
  );
  if (chunk === undefined) {
    const none = counts.map(() => 0);
    copyBox(array.fill, { offset: 0, strides: none }, target, { offset, strides: targetStrides }, counts, itemBytes);
  } else if (run) chunk.elements(from, to, run);
  else
    copyBox(
      chunk.elements(from, to),
      { offset: 0, strides: steps },
      target,
      { offset, strides: targetStrides },
      counts,
      itemBytes,
    );
  if (isWhole) chunk?.release?.();
}

/** Part of a region along one dimension: the chunk's number, the first element in it, and the place in the result. */
interface Piece {
  readonly chunk: number;
  readonly first: number;
  readonly count: number;
  readonly at: number;
}

function cutByChunks(start: number, count: number, step: number, chunkSize: number): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < count; ) {
    const index = start + at * step;
    const chunk = Math.floor(index / chunkSize);
    const taken = Math.min(count - at, Math.ceil(((chunk + 1) * chunkSize - index) / step));
    pieces.push({ chunk, first: index - chunk * chunkSize, count: taken, at });
    at += taken;
  }
  return pieces;
}

/** Whether both sides walk the box in the same order without gaps. */
function isOneRun(counts: readonly number[], from: readonly number[], to: readonly number[]): boolean {
  let expected = 1;
  for (let dim = counts.length - 1; dim >= 0; dim--) {
    if (counts[dim] === 1) continue;
    if (from[dim] !== expected || to[dim] !== expected) return false;
    expected *= counts[dim] as number;
  }
  return true;
}
