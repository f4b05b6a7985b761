import { FormatError } from "@graticule/core";
import type { Box } from "@graticule/data";
import h5wasm, { type Dataset, type File } from "h5wasm/node";
import { type Cube, type CubeOptions, DEFAULT_MAX_VALUES } from "../cube.js";
import { makeCube, uniqueBandNames } from "../make-cube.js";
import { type StoredNumbers, viewStoredNumbers } from "../strided/stored-numbers.js";
import type { StoredType } from "../strided/strided-layout.js";
import { readMemory } from "../strided/strided-reader.js";
import type { MatArray } from "./mat-array.js";
import { readBandVectors } from "./mat-vectors.js";
import { type PickedCube, pickCube } from "./pick-cube.js";

const INTEGER = 0;
const FLOAT = 1;

/**
 * Opens a cube of a MATLAB v7.3 file, which is HDF5 with the dims reversed. An array `[rows, columns, bands]` is read
 * by windows; a matrix of spectra is read whole and stays in memory, which `maxValues` bounds.
 *
 * @throws {FormatError} if the file is broken or holds no cube. @throws {ConfigError} if it holds several.
 */
export async function openMat73Cube(path: string, options: CubeOptions = {}): Promise<Cube> {
  const { maxValues = DEFAULT_MAX_VALUES } = options;
  const { picked, vectors } = await withHdf5(path, async (file) => {
    const variables = listVariables(path, file);
    const picked = pickCube(path, variables, options);
    const vectors = await readBandVectors(path, variables, picked.bands, options.wavelengthUnit, async (array) =>
      Array.from(readSlice(path, openArray(path, file, array), array, wholeOf(array), maxValues)),
    );
    return { picked, vectors };
  });
  const { variable, height, width, bands } = picked;
  let whole: StoredNumbers | undefined;
  const readWhole = (): Promise<StoredNumbers> =>
    withHdf5(path, (file) => readSlice(path, openArray(path, file, variable), variable, wholeOf(variable), maxValues));
  const dtype = variable.dtype as StoredType;
  return makeCube(
    { path, format: "MATLAB", height, width, bands, bandNames: uniqueBandNames(undefined, bands), dtype, ...vectors },
    async (window, selected) => {
      if (variable.dims.length === 3) return readBlocks(path, picked, window, selected, maxValues);
      whole ??= await readWhole();
      return readMemory(whole, picked, {}, window, selected);
    },
    { maxValues },
  );
}

/** Opens a file, hands it to `use`, and closes it; whatever the HDF5 library throws becomes a FormatError. */
async function withHdf5<Result>(path: string, use: (file: File) => Result | Promise<Result>): Promise<Result> {
  const library = await h5wasm.ready;
  // Without it the library prints its complaints, and some reads go on with what they have.
  library.activate_throwing_error_handler();
  let file: File | undefined;
  try {
    file = new h5wasm.File(path, "r");
    return await use(file);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== undefined) throw cause;
    const message = ((cause as Error).message ?? String(cause)).split("\n")[0] as string;
    throw new FormatError(path, "a MATLAB v7.3 file", message, "The file is truncated or corrupt.", { cause });
  } finally {
    library.deactivate_throwing_error_handler();
    closeQuietly(file);
  }
}

/** Closes a file whose reads may have failed: there is nothing more to tell then. */
function closeQuietly(file: File | undefined): void {
  try {
    file?.close();
  } catch {
    // The error that broke the file is on its way to the caller.
  }
}

function listVariables(path: string, file: File): MatArray[] {
  const names = file.keys().filter((name) => !name.startsWith("#"));
  return names.map((name) => {
    const entity = file.get(name);
    if (!(entity instanceof h5wasm.Dataset)) return { name, className: "struct", dims: [] };
    const { shape, type, size, signed, littleEndian } = entity.metadata;
    const dims = [...(shape ?? [])].reverse();
    const dtype = littleEndian ? storedType(type, size, signed) : undefined;
    if (dims.some((dim) => !Number.isSafeInteger(dim)))
      throw new FormatError(path, `whole dims of '${name}'`, `[${dims.join(", ")}]`, "The file is corrupt.");
    return { name, className: dtype ?? "other", dims, ...(dtype && { dtype }) };
  });
}

function storedType(type: number, size: number, signed: boolean): StoredType | undefined {
  if (type === FLOAT) return size === 4 ? "float32" : size === 8 ? "float64" : undefined;
  if (type !== INTEGER || ![1, 2, 4, 8].includes(size)) return undefined;
  return `${signed ? "" : "u"}int${8 * size}` as StoredType;
}

function openArray(path: string, file: File, { name }: MatArray): Dataset {
  const entity = file.get(name);
  if (entity instanceof h5wasm.Dataset) return entity;
  throw new FormatError(path, `variable '${name}'`, "none", "The file changed after it was opened.");
}

type Range = [from: number, to: number];

/** The ranges of all of an array, in HDF5's order. */
const wholeOf = ({ dims }: MatArray): Range[] => [...dims].reverse().map((dim) => [0, dim]);

/** Reads ranges of an array, given in HDF5's order. */
function readSlice(
  path: string,
  dataset: Dataset,
  { name, dtype }: MatArray,
  ranges: Range[],
  maxValues: number,
): StoredNumbers {
  const size = (lengths: readonly number[]): number => lengths.reduce((product, length) => product * length, 1);
  const counts = { values: size(ranges.map(([from, to]) => to - from)), chunk: size(dataset.metadata.chunks ?? []) };
  for (const [what, count] of Object.entries(counts))
    if (count > maxValues)
      throw new FormatError(
        path,
        `at most ${maxValues} values in ${what === "chunk" ? "a chunk" : "a read"} of '${name}'`,
        `${count}`,
        "Read smaller windows, or raise maxValues.",
      );
  const values = dataset.slice(ranges);
  if (!ArrayBuffer.isView(values) || values instanceof DataView)
    throw new FormatError(path, `numbers in '${name}'`, typeof values, "The file is corrupt.");
  if (values instanceof BigInt64Array || values instanceof BigUint64Array)
    return viewStoredNumbers(
      Buffer.from(values.buffer, values.byteOffset, values.byteLength),
      dtype as StoredType,
      true,
    );
  return values as StoredNumbers;
}

/** Reads a window of `[rows, columns, bands]`, which lies as `[bands, columns, rows]`: one read a run of bands. */
function readBlocks(
  path: string,
  { variable }: PickedCube<MatArray>,
  window: Box,
  selected: readonly number[],
  maxValues: number,
): Promise<Float32Array> {
  const { row, column, height, width } = window;
  const plane = height * width;
  const output = new Float32Array(selected.length * plane);
  return withHdf5(path, (file) => {
    const dataset = openArray(path, file, variable);
    for (let from = 0; from < selected.length; ) {
      let to = from + 1;
      while (to < selected.length && selected[to] === (selected[to - 1] as number) + 1) to += 1;
      const band = selected[from] as number;
      const ranges: Range[] = [
        [band, band + to - from],
        [column, column + width],
        [row, row + height],
      ];
      const values = readSlice(path, dataset, variable, ranges, maxValues);
      const strides = { row: 1, column: height, band: plane };
      const positions = Array.from({ length: to - from }, (_, at) => at);
      output.set(readMemory(values, { strides }, {}, { row: 0, column: 0, height, width }, positions), from * plane);
      from = to;
    }
    return output;
  });
}
