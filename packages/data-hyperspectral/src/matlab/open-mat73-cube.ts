import { FormatError } from "@graticule/core";
import { type Box, openFileSource } from "@graticule/data";
import {
  findSuperblock,
  type Hdf5Dataset,
  makeChunkCache,
  openHdf5,
  product,
  type Region,
  type StoredValues,
  type StoredVariable,
} from "@graticule/data/arrays";
import { type Cube, type CubeOptions, DEFAULT_CACHE_BYTES, DEFAULT_MAX_VALUES } from "../cube.js";
import { makeCube, uniqueBandNames } from "../make-cube.js";
import { readMemory } from "../strided/strided-reader.js";
import type { MatArray } from "./mat-array.js";
import { readBandVectors } from "./mat-vectors.js";
import { type PickedCube, pickCube } from "./pick-cube.js";

/** MATLAB's classes that are stored as numbers but are none. */
const TEXT_CLASSES: readonly unknown[] = ["char", "string"];

interface Mat73Array extends MatArray {
  /** Of arrays of real numbers alone. */
  readonly stored?: StoredVariable;
}

/**
 * Opens a cube of a MATLAB v7.3 file, which is HDF5 with the dims reversed. An array `[rows, columns, bands]` is read
 * by windows; a matrix of spectra is read whole and stays in memory, which `maxValues` bounds.
 *
 * @throws {FormatError} if the file is broken or holds no cube. @throws {ConfigError} if it holds several.
 */
export async function openMat73Cube(path: string, options: CubeOptions = {}): Promise<Cube> {
  const { maxValues = DEFAULT_MAX_VALUES, cacheBytes = DEFAULT_CACHE_BYTES } = options;
  const source = await openFileSource(path);
  const close = (): Promise<void> => source.close();
  try {
    const superblock = await findSuperblock(source);
    if (superblock === undefined)
      throw new FormatError(path, "a MATLAB v7.3 file", "no HDF5 superblock", "The file is truncated or corrupt.");
    const variables = listVariables(await openHdf5(source, superblock, makeChunkCache(cacheBytes)));
    const picked = pickCube(path, variables, options);
    const { variable, height, width, bands } = picked;
    const readWhole = (array: Mat73Array): Promise<StoredValues> =>
      readRegion(path, array, { start: array.dims.map(() => 0), count: [...array.dims].reverse() }, maxValues);
    const vectors = await readBandVectors(path, variables, bands, options.wavelengthUnit, async (array) =>
      Array.from(await readWhole(array)),
    );
    let whole: Promise<StoredValues> | undefined;
    const bandNames = uniqueBandNames(path, undefined, bands);
    const dtype = variable.dtype as string;
    return makeCube(
      { path, format: "MATLAB", height, width, bands, bandNames, dtype, ...vectors },
      async (window, selected) => {
        if (variable.dims.length === 3) return readBlocks(path, picked, window, selected, maxValues);
        whole ??= readWhole(variable);
        return readMemory(await whole, picked, {}, window, selected);
      },
      { maxValues, close },
    );
  } catch (error) {
    await close();
    throw error;
  }
}

/** The file's own variables: those inside of groups belong to structs, cells and objects. */
function listVariables({ variables, groups, skipped }: Hdf5Dataset): Mat73Array[] {
  const isOwn = (name: string): boolean => !name.includes("/") && !name.startsWith("#");
  const numbers = variables.map((stored): Mat73Array => {
    const { name, shape, dtype, attributes } = stored;
    const { MATLAB_class: className = dtype } = attributes;
    const dims = [...shape].reverse();
    const isText = TEXT_CLASSES.includes(className);
    return { name, className: String(className), dims, ...(!isText && { dtype, stored }) };
  });
  const others = [
    ...groups.map((name) => ({ name, className: "struct", dims: [] })),
    ...Object.keys(skipped).map((name) => ({ name, className: "other", dims: [] })),
  ];
  return [...numbers, ...others].filter(({ name }) => isOwn(name));
}

/** Reads a part of an array, given in HDF5's order. */
async function readRegion(
  path: string,
  { name, stored }: Mat73Array,
  { start, count }: Omit<Region, "step">,
  maxValues: number,
): Promise<StoredValues> {
  const values = product(count);
  if (!(values <= maxValues))
    throw new FormatError(
      path,
      `at most ${maxValues} values in a read of '${name}'`,
      `${values}`,
      "Read smaller windows, or raise maxValues.",
    );
  return (stored as StoredVariable).read({ start, count, step: count.map(() => 1) });
}

/** Reads a window of `[rows, columns, bands]`, which lies as `[bands, columns, rows]`: one read a run of bands. */
async function readBlocks(
  path: string,
  { variable }: PickedCube<Mat73Array>,
  window: Box,
  selected: readonly number[],
  maxValues: number,
): Promise<Float32Array> {
  const { row, column, height, width } = window;
  const plane = height * width;
  const strides = { row: 1, column: height, band: plane };
  const output = new Float32Array(selected.length * plane);
  for (let from = 0; from < selected.length; ) {
    let to = from + 1;
    while (to < selected.length && selected[to] === (selected[to - 1] as number) + 1) to += 1;
    const count = to - from;
    const region = { start: [selected[from] as number, column, row], count: [count, width, height] };
    const values = await readRegion(path, variable, region, maxValues);
    const positions = Array.from({ length: count }, (_, at) => at);
    output.set(readMemory(values, { strides }, {}, { row: 0, column: 0, height, width }, positions), from * plane);
    from = to;
  }
  return output;
}
