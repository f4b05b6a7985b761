import type { Box } from "@graticule/data";
import { type BlockKernel, openKernel } from "./kernel/open-kernel.js";
import type { BlockValues } from "./tiff-block.js";

/**
 * Copies the part of a decoded block that lies in a window, as float32, nodata as NaN.
 *
 * @param values `[rows, columns, samplesPerPixel]`; undefined for a block that the file leaves out.
 * @param samples which to copy, in order. @param output `[samples.length, window.height, window.width]`.
 */
export function copyBlock(
  values: BlockValues | undefined,
  block: Box,
  samples: readonly number[],
  samplesPerPixel: number,
  window: Box,
  output: Float32Array,
  nodata: number | undefined,
): void {
  const firstRow = Math.max(block.row, window.row);
  const firstColumn = Math.max(block.column, window.column);
  const part = {
    samples,
    samplesPerPixel,
    rows: Math.min(block.row + block.height, window.row + window.height) - firstRow,
    count: Math.min(block.column + block.width, window.column + window.width) - firstColumn,
    from: ((firstRow - block.row) * block.width + firstColumn - block.column) * samplesPerPixel,
    rowLength: block.width * samplesPerPixel,
    to: (firstRow - window.row) * window.width + firstColumn - window.column,
    width: window.width,
    plane: window.height * window.width,
  };
  if (values === undefined) {
    for (const { to } of runsOf(part)) output.fill(nodata === undefined ? 0 : NaN, to, to + part.count);
    return;
  }
  // The text of a float32 file's nodata has more digits than its pixels.
  const missing = nodata === undefined ? NaN : values instanceof Float32Array ? Math.fround(nodata) : nodata;
  const gather = GATHER[values.constructor.name];
  // Values beyond the block's, of a nodata no pixel of its type can have, are nothing to look for.
  if (gather) gatherRuns(values, part, gather, output, Math.fround(missing) === missing ? missing : NaN);
  else copyRuns(values, part, output, missing);
}

/** What a block and a window share. Units: values, of the block for `from` and `rowLength`, else of the output. */
interface Part {
  readonly samples: readonly number[];
  readonly samplesPerPixel: number;
  readonly rows: number;
  readonly count: number;
  readonly from: number;
  readonly rowLength: number;
  readonly to: number;
  readonly width: number;
  readonly plane: number;
}

type GatherName = Extract<keyof BlockKernel, `gather${string}`>;

/** Types whose every value is a float32 too. */
const GATHER: Readonly<Record<string, GatherName | undefined>> = {
  Uint8Array: "gatherUint8",
  Int8Array: "gatherInt8",
  Uint16Array: "gatherUint16",
  Int16Array: "gatherInt16",
  Float32Array: "gatherFloat32",
};

function gatherRuns(values: BlockValues, part: Part, name: GatherName, output: Float32Array, missing: number): void {
  const { samples, samplesPerPixel, rows, count, from, rowLength, to, width, plane } = part;
  const size = values.BYTES_PER_ELEMENT;
  const first = values.byteOffset + from * size;
  const bytes = ((rows - 1) * rowLength + count * samplesPerPixel) * size;
  const kernel = openKernel(bytes, samples.length * rows * count * 4);
  kernel.bytes.set(new Uint8Array(values.buffer, first, bytes), kernel.input);
  const gathered = new Float32Array(kernel.bytes.buffer, kernel.output, samples.length * rows * count);
  const gather = kernel[name];
  for (let position = 0; position < samples.length; position++) {
    const at = position * rows * count;
    const place = kernel.input + (samples[position] as number) * size;
    gather(place, rowLength * size, samplesPerPixel * size, rows, count, kernel.output + at * 4, missing);
    const start = position * plane + to;
    if (count === width) output.set(gathered.subarray(at, at + rows * count), start);
    else
      for (let row = 0; row < rows; row++)
        output.set(gathered.subarray(at + row * count, at + (row + 1) * count), start + row * width);
  }
}

function copyRuns(values: BlockValues, part: Part, output: Float32Array, missing: number): void {
  for (const { from, to } of runsOf(part))
    for (let index = 0, at = from; index < part.count; index++, at += part.samplesPerPixel) {
      const value = values[at] as number;
      output[to + index] = value === missing ? NaN : value;
    }
}

function* runsOf({ samples, rows, from, rowLength, to, width, plane }: Part): Generator<{ from: number; to: number }> {
  for (let row = 0; row < rows; row++)
    for (const [position, sample] of samples.entries())
      yield { from: from + row * rowLength + sample, to: position * plane + to + row * width };
}
