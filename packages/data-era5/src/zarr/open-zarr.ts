import { FormatError } from "@graticule/core";
import {
  type Chunk,
  type ChunkCache,
  chunkBytesOf,
  giveScratch,
  itemBytesOf,
  product,
  readChunked,
  type StoredDataset,
  type StoredDtype,
  type StoredVariable,
  takeScratch,
  toStoredValues,
} from "@graticule/data/arrays";
import { readJsonAttributes, type ZarrArray } from "./array-metadata.js";
import { decodeZarrChunk, mostBytes, unsupportedCodec } from "./decode-chunk.js";
import type { KeyStore } from "./key-store.js";
import { parseZarrV2 } from "./parse-v2.js";
import { parseZarrV3 } from "./parse-v3.js";
import { makeShardReader, type ReadStored } from "./shards.js";
import { readZarrNodes } from "./zarr-nodes.js";

/**
 * Opens a Zarr store of version 2 or 3. Arrays of groups are named `group/name`. Only the chunks that a region touches
 * are read and decoded, several at once, and kept in `cache`.
 *
 * @returns undefined if the store holds no Zarr metadata. @throws {FormatError} naming the field that is broken.
 */
export async function openZarr(
  store: KeyStore,
  cache: ChunkCache<Chunk | undefined>,
): Promise<StoredDataset | undefined> {
  const nodes = await readZarrNodes(store);
  if (nodes === undefined) return undefined;
  const { version, arrays, rootAttributes } = nodes;
  const variables: StoredVariable[] = [];
  const skipped: Record<string, string> = {};
  const dimensions: Record<string, number> = {};
  for (const { path, metadata, attributes } of arrays) {
    const array =
      version === 2 ? parseZarrV2(store.uri, path, metadata, attributes) : parseZarrV3(store.uri, path, metadata);
    const name = path === "" ? "data" : path;
    const unsupported = typeof array === "string" ? undefined : unsupportedCodec(array.coding.compressors);
    if (typeof array === "string" || unsupported !== undefined) {
      skipped[name] = typeof array === "string" ? array : `its codec ${unsupported} is not supported`;
      continue;
    }
    const variable = makeVariable(store, name, array, cache);
    variables.push(variable);
    for (const [dim, dimName] of variable.dims.entries()) {
      const size = variable.shape[dim] as number;
      if ((dimensions[dimName] ?? size) !== size)
        throw new FormatError(
          `${store.uri}: '${name}'`,
          `dimension '${dimName}' of ${dimensions[dimName]}, as in other arrays`,
          `${size}`,
          "The store is corrupt.",
        );
      dimensions[dimName] = size;
    }
  }
  return { format: `Zarr v${version}`, dimensions, variables, attributes: readJsonAttributes(rootAttributes), skipped };
}

function makeVariable(
  store: KeyStore,
  name: string,
  array: ZarrArray,
  cache: ChunkCache<Chunk | undefined>,
): StoredVariable {
  const { path, shape, dtype, coding } = array;
  const { chunkShape, order, compressors, littleEndian } = coding;
  const itemBytes = itemBytesOf(dtype);
  const where = `${store.uri}: '${name}'`;
  const chunkBytes = chunkBytesOf(where, chunkShape, itemBytes);
  const most = mostBytes(chunkBytes, compressors.length);
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
  const readStored: ReadStored =
    array.shard === undefined
      ? (place, inScratch) =>
          store.get(`${path === "" ? "" : `${path}/`}${array.keyOf(place)}`, most, inScratch ? takeScratch : undefined)
      : makeShardReader(store, array, most);
  const load = async (place: readonly number[], inScratch: boolean): Promise<Chunk | undefined> => {
    const stored = await readStored(place, inScratch);
    if (stored === undefined) return undefined;
    const what = `${store.uri}: chunk [${place.join(", ")}] of '${name}'`;
    const chunk = await decodeZarrChunk(what, stored, compressors, chunkBytes, itemBytes);
    return inScratch ? { ...chunk, release: () => giveScratch(stored) } : chunk;
  };
  const loadChunk = (place: readonly number[], isWhole: boolean): Promise<Chunk | undefined> =>
    isWhole ? load(place, true) : cache.get(`${path}:${place.join(",")}`, chunkBytes, () => load(place, false));
  const fill = fillBytes(dtype, array.fillValue ?? 0, littleEndian);
  const strides = order && stridesOf(chunkShape, order);
  return {
    name,
    dims: array.dims?.map((dim) => folder + dim) ?? shape.map((_, dim) => `${name}_dim_${dim}`),
    shape,
    dtype,
    attributes: array.attributes,
    async read(region, into) {
      const layout = { chunkShape, itemBytes, fill, loadChunk, ...(strides && { chunkStrides: strides }) };
      return toStoredValues(await readChunked(layout, region, into), dtype, littleEndian);
    },
  };
}

/** Distances between neighbors in a chunk whose dimensions are stored in another order. */
function stridesOf(chunkShape: readonly number[], order: readonly number[]): number[] {
  return chunkShape.map((_, dim) =>
    product(order.slice(order.indexOf(dim) + 1).map((later) => chunkShape[later] as number)),
  );
}

/** One element's bytes in the array's byte order. */
function fillBytes(dtype: StoredDtype, value: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(itemBytesOf(dtype));
  const view = new DataView(bytes.buffer);
  if (dtype === "float32") view.setFloat32(0, value, littleEndian);
  else if (dtype === "float64") view.setFloat64(0, value, littleEndian);
  else if (bytes.length === 8) view.setBigInt64(0, BigInt(Math.trunc(value)), littleEndian);
  else if (bytes.length === 4) view.setInt32(0, value, littleEndian);
  else if (bytes.length === 2) view.setInt16(0, value, littleEndian);
  else view.setInt8(0, value);
  return bytes;
}
