import { FormatError } from "@graticule/core";
import { itemBytesOf, type StoredDtype, type StoredValues, toStoredValues } from "@graticule/data/arrays";
import { withByteReader } from "../byte-reader.js";
import { type Cube, type CubeOptions, DEFAULT_CACHE_BYTES, DEFAULT_MAX_VALUES, type WindowSource } from "../cube.js";
import { makeCube, uniqueBandNames } from "../make-cube.js";
import type { StridedLayout } from "../strided/strided-layout.js";
import { makeFileReader, readMemory } from "../strided/strided-reader.js";
import { unpackElement } from "./mat-element.js";
import { readBandVectors } from "./mat-vectors.js";
import { listMat5Variables, type Mat5Array } from "./mat5-variables.js";
import { pickCube } from "./pick-cube.js";

const ALIGNMENT = 8;

/**
 * Opens a cube of a MATLAB v5 file. A variable that isn't compressed is read by windows; a compressed one has to be
 * unpacked whole at the first read and stays in memory, which `maxValues` bounds.
 *
 * @throws {FormatError} if the file is broken or holds no cube. @throws {ConfigError} if it holds several.
 */
export async function openMat5Cube(path: string, options: CubeOptions = {}): Promise<Cube> {
  const { maxValues = DEFAULT_MAX_VALUES } = options;
  const { littleEndian, variables } = await withByteReader(path, listMat5Variables);
  const { variable, height, width, bands, strides } = pickCube(path, variables, options);
  const unpack = (array: Mat5Array): Promise<StoredValues> => unpackNumbers(path, array, littleEndian, maxValues);
  const vectors = await readBandVectors(path, variables, bands, options.wavelengthUnit, async (array) =>
    Array.from(await unpack(array)),
  );
  const dtype = variable.dtype as StoredDtype;
  const count = height * width * bands;
  const layout: StridedLayout = { dtype, littleEndian, offset: variable.at + variable.dataAt, strides, count };
  let read: WindowSource;
  if (variable.packedLength === undefined)
    read = makeFileReader(path, layout, {}, options.cacheBytes ?? DEFAULT_CACHE_BYTES);
  else {
    let unpacked: Promise<StoredValues> | undefined;
    read = async (window, selected) => {
      unpacked ??= unpack(variable);
      return readMemory(await unpacked, layout, {}, window, selected);
    };
  }
  return makeCube(
    {
      path,
      format: "MATLAB",
      height,
      width,
      bands,
      bandNames: uniqueBandNames(path, undefined, bands),
      dtype,
      ...vectors,
    },
    read,
    { maxValues },
  );
}

/** All numbers of a variable. */
async function unpackNumbers(
  path: string,
  { name, dims, dtype: type, at, packedLength, dataAt }: Mat5Array,
  littleEndian: boolean,
  maxValues: number,
): Promise<StoredValues> {
  const dtype = type as StoredDtype;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const length = count * itemBytesOf(dtype);
  if (count > maxValues)
    throw new FormatError(
      path,
      `at most ${maxValues} values in '${name}', which must be unpacked whole`,
      `${count}`,
      "Raise maxValues, or save it with MATLAB's -v7.3, which is read by windows.",
    );
  if (packedLength === undefined)
    return toStoredValues(
      withByteReader(path, (file) => file.read(at + dataAt, length, `'${name}'`)),
      dtype,
      littleEndian,
    );
  const packed = withByteReader(path, (file) => file.read(at, packedLength, `'${name}'`));
  const bytes = await unpackElement(path, packed, dataAt + length + ALIGNMENT, name);
  if (bytes.length < dataAt + length)
    throw new FormatError(
      path,
      `${dataAt + length} bytes of '${name}'`,
      `${bytes.length}`,
      "The file is truncated or corrupt.",
    );
  const numbers = bytes.subarray(dataAt, dataAt + length);
  const isAligned = numbers.byteOffset % ALIGNMENT === 0;
  return toStoredValues(isAligned ? numbers : alignedCopy(numbers), dtype, littleEndian);
}

function alignedCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
