import { type Box, type ByteSource, readRanges } from "@graticule/data";
import { type BlockLease, makeBlockCache, type TakeBytes } from "./block-cache.js";
import { copyBlock } from "./block-copy.js";
import { COMPRESSION } from "./compression-codes.js";
import { freshBytes } from "./fresh-bytes.js";
import { borrowReadMemory } from "./read-memory.js";
import { type BlockValues, decodeTiffBlock } from "./tiff-block.js";
import type { TiffLayout } from "./tiff-layout.js";

/**
 * Reads bands of a window as float32, nodata as NaN, into `output` or else fresh memory.
 *
 * Shape: `[bands.length, window.height, window.width]`.
 */
export type WindowReader = (window: Box, bands: readonly number[], output?: Float32Array) => Promise<Float32Array>;

/** Compressed bytes that one window may have in flight at once; it waits for them before it asks for more. */
const BATCH_BYTES = 2 ** 25;

/** One block's part in a window: where it lies, and which of its samples go where. */
interface Piece {
  readonly block: number;
  readonly place: Box;
  readonly samples: readonly number[];
  readonly target: Float32Array;
}

/** Makes the reader of an image's blocks. */
export function makeWindowReader(source: ByteSource, layout: TiffLayout, nodata: number | undefined): WindowReader {
  const { height, bands, planar, blockWidth, blockHeight, blocksAcross, blocksDown, sampleBits } = layout;
  const samplesPerPixel = planar ? 1 : bands;
  const cache = makeBlockCache(blockWidth * blockHeight * samplesPerPixel * Math.max(1, sampleBits / 8));

  function piecesOf(window: Box, selected: readonly number[], output: Float32Array): Piece[] {
    const plane = window.height * window.width;
    // A planar file holds each band in blocks of its own: one pass a band, each into its own plane.
    const passes = planar
      ? selected.map((band, position) => ({
          firstBlock: band * blocksDown * blocksAcross,
          samples: [0],
          target: output.subarray(position * plane, (position + 1) * plane),
        }))
      : [{ firstBlock: 0, samples: selected, target: output }];
    const pieces: Piece[] = [];
    for (const { firstBlock, samples, target } of passes)
      for (const { down, across } of blocksIn(window, layout)) {
        const place = { row: down * blockHeight, column: across * blockWidth, height: blockHeight, width: blockWidth };
        pieces.push({ block: firstBlock + down * blocksAcross + across, place, samples, target });
      }
    return pieces;
  }

  async function decodeBlock(bytes: Promise<Uint8Array>, block: number, takeBytes: TakeBytes): Promise<BlockValues> {
    const firstRow = (Math.floor(block / blocksAcross) % blocksDown) * blockHeight;
    const rows = layout.tiled ? blockHeight : Math.min(blockHeight, height - firstRow);
    return decodeTiffBlock(source.uri, layout, await bytes, rows, takeBytes);
  }

  /** Starts the reads of the blocks that aren't at hand; undefined stands for one that a sparse file leaves out. */
  function readBlocks(pieces: readonly Piece[], takeMemory: TakeBytes | undefined): (BlockLease | undefined)[] {
    const isSparse = (block: number): boolean => layout.byteCounts[block] === 0;
    const found = pieces.map(({ block }) => (isSparse(block) ? undefined : cache.find(block)));
    const missing = pieces.flatMap(({ block }, index) => (found[index] || isSparse(block) ? [] : [index]));
    const ranges = missing.map((index) => {
      const { block } = pieces[index] as Piece;
      const length = layout.byteCounts[block] as number;
      return { offset: layout.offsets[block] as number, length, what: `block ${block}` };
    });
    for (const [position, bytes] of readRanges(source, ranges, takeMemory).entries()) {
      const index = missing[position] as number;
      const { block } = pieces[index] as Piece;
      found[index] = cache.add(block, (takeBytes) => decodeBlock(bytes, block, takeBytes));
    }
    return found;
  }

  return async (window, selected, room) => {
    const output = room ?? new Float32Array(freshBytes(selected.length * window.height * window.width * 4).buffer);
    for (const batch of batchesOf(piecesOf(window, selected, output), layout.byteCounts)) {
      const memory = layout.compression === COMPRESSION.none ? undefined : borrowReadMemory();
      const blocks = readBlocks(batch, memory?.take);
      const copies = blocks.map(async (block, index) => {
        const { place, samples, target } = batch[index] as Piece;
        copyBlock(await block?.values, place, samples, samplesPerPixel, window, target, nodata);
      });
      const results = await Promise.allSettled(copies);
      for (const block of blocks) block?.release();
      memory?.giveBack();
      for (const result of results) if (result.status === "rejected") throw result.reason;
    }
    return output;
  };
}

function* batchesOf(pieces: readonly Piece[], byteCounts: ArrayLike<number>): Generator<readonly Piece[]> {
  let first = 0;
  let bytes = 0;
  for (const [index, { block }] of pieces.entries()) {
    bytes += byteCounts[block] as number;
    if (bytes < BATCH_BYTES && index + 1 < pieces.length) continue;
    yield pieces.slice(first, index + 1);
    first = index + 1;
    bytes = 0;
  }
}

function* blocksIn(window: Box, { blockWidth, blockHeight }: TiffLayout): Generator<{ down: number; across: number }> {
  const [endRow, endColumn] = [window.row + window.height, window.column + window.width];
  for (let down = Math.floor(window.row / blockHeight); down * blockHeight < endRow; down++)
    for (let across = Math.floor(window.column / blockWidth); across * blockWidth < endColumn; across++)
      yield { down, across };
}
