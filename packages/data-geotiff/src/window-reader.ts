import type { Box } from "@graticule/data";
import { copyBlock } from "./block-copy.js";
import { type FileBytes, readExactly, withFile } from "./file-bytes.js";
import { type BlockValues, decodeTiffBlock } from "./tiff-block.js";
import type { TiffLayout } from "./tiff-layout.js";

/** Reads bands of a window as float32, nodata as NaN. Shape: `[bands.length, window.height, window.width]`. */
export type WindowReader = (window: Box, bands: readonly number[]) => Promise<Float32Array>;

/** Decoded blocks kept for the next window, in bytes: neighboring tiles of a scene share strips. */
const CACHE_BYTES = 2 ** 26;

/** Makes the reader of a file's blocks. The file is open only while a window is read. */
export function makeWindowReader(path: string, layout: TiffLayout, nodata: number | undefined): WindowReader {
  const { height, bands, planar, blockWidth, blockHeight, blocksAcross, blocksDown } = layout;
  const samplesPerPixel = planar ? 1 : bands;
  const blockBytes = blockWidth * blockHeight * samplesPerPixel * layout.sampleBytes;
  const cacheLimit = Math.max(1, Math.floor(CACHE_BYTES / blockBytes));
  const cache = new Map<number, Promise<BlockValues | undefined>>();

  async function readBlock(file: FileBytes, block: number): Promise<BlockValues | undefined> {
    const bytes = layout.byteCounts[block] as number;
    if (bytes === 0) return undefined; // A sparse file leaves empty blocks out.
    const view = await readExactly(file, layout.offsets[block] as number, bytes, `block ${block}`);
    const firstRow = (Math.floor(block / blocksAcross) % blocksDown) * blockHeight;
    const rows = layout.tiled ? blockHeight : Math.min(blockHeight, height - firstRow);
    return decodeTiffBlock(path, layout, new Uint8Array(view.buffer), rows);
  }

  function readCached(file: FileBytes, block: number): Promise<BlockValues | undefined> {
    const known = cache.get(block);
    if (known !== undefined) return known;
    if (cache.size >= cacheLimit) cache.delete(cache.keys().next().value as number);
    const values = readBlock(file, block);
    cache.set(block, values);
    values.catch(() => cache.delete(block));
    return values;
  }

  return async (window, selected) => {
    const plane = window.height * window.width;
    const output = new Float32Array(selected.length * plane);
    // A planar file holds each band in blocks of its own: one pass a band, each into its own plane.
    const passes = planar
      ? selected.map((band, position) => ({
          firstBlock: band * blocksDown * blocksAcross,
          samples: [0],
          target: output.subarray(position * plane, (position + 1) * plane),
        }))
      : [{ firstBlock: 0, samples: selected, target: output }];
    await withFile(path, async (file) => {
      for (const { firstBlock, samples, target } of passes)
        for (const { down, across } of blocksIn(window, layout)) {
          const values = await readCached(file, firstBlock + down * blocksAcross + across);
          const at = { row: down * blockHeight, column: across * blockWidth, height: blockHeight, width: blockWidth };
          copyBlock(values, at, samples, samplesPerPixel, window, target, nodata);
        }
    });
    return output;
  };
}

function* blocksIn(window: Box, { blockWidth, blockHeight }: TiffLayout): Generator<{ down: number; across: number }> {
  const [endRow, endColumn] = [window.row + window.height, window.column + window.width];
  for (let down = Math.floor(window.row / blockHeight); down * blockHeight < endRow; down++)
    for (let across = Math.floor(window.column / blockWidth); across * blockWidth < endColumn; across++)
      yield { down, across };
}
