import { FormatError } from "@graticule/core";
import type { ChunkCache } from "../arrays/chunk-cache.js";
import { type Chunk, type ChunkedArray, chunkBytesOf, makeChunk, readChunked } from "../arrays/chunked-read.js";
import { product, type Region, rowMajorStrides } from "../arrays/region.js";
import { giveScratch, takeScratch } from "../arrays/scratch.js";
import { toStoredValues } from "../arrays/stored-dtype.js";
import type { AttributeValue, StoredDataset, StoredVariable } from "../arrays/stored-variable.js";
import { readStrided } from "../arrays/strided-read.js";
import type { ByteSource } from "../sources/byte-source.js";
import { makeFindChunk } from "./chunk-index.js";
import { type Layout, parseFillValue, parseFilters, parseLayout } from "./dataset-messages.js";
import { type Datatype, parseDatatype } from "./datatype.js";
import { DIMENSION_ATTRIBUTES, isBareDimension, nameDimensions } from "./dimension-names.js";
import { Fields } from "./fields.js";
import { decodeChunk, unsupportedFilter } from "./filters.js";
import { type Hdf5File, openHdf5File } from "./hdf5-file.js";
import { findMessage, MESSAGE } from "./object-header.js";
import { type Hdf5Object, walkObjects } from "./walk-objects.js";

/** What an HDF5 file holds. */
export interface Hdf5Dataset extends StoredDataset {
  /** Names of its groups but the root: "name", "group/name". */
  readonly groups: readonly string[];
}

/**
 * Opens a NetCDF-4 or HDF5 file whose superblock is at `offset`. Variables of groups are named `group/name`. Only the
 * chunks that a region touches are read; they inflate on Node's threads and are kept in `cache`.
 *
 * @throws {FormatError} naming file and structure, if the metadata is broken.
 */
export async function openHdf5(
  source: ByteSource,
  offset: number,
  cache: ChunkCache<Chunk | undefined>,
): Promise<Hdf5Dataset> {
  const file = await openHdf5File(source, offset);
  const { groups, datasets } = await walkObjects(file);
  const names = nameDimensions(datasets);
  const dimensions: Record<string, number> = {};
  const variables: StoredVariable[] = [];
  const skipped: Record<string, string> = {};
  // A variable may have grown less far than others along an unlimited dimension.
  for (const [dataset, dims] of names)
    for (const [dim, name] of dims.entries())
      dimensions[name] = Math.max(dimensions[name] ?? 0, dataset.shape?.[dim] as number);
  for (const [dataset, dims] of names) {
    if (isBareDimension(dataset)) continue;
    const variable = await openVariable(file, dataset, dims, dimensions, cache);
    if (typeof variable === "string") skipped[dataset.path] = variable;
    else variables.push(variable);
  }
  const root = groups.find(({ path }) => path === "");
  return {
    format: datasets.length > 0 && !("_NCProperties" in (root?.attributes.values ?? {})) ? "HDF5" : "NetCDF-4",
    dimensions,
    variables,
    attributes: publicAttributes(root?.attributes.values ?? {}),
    skipped,
    groups: groups.flatMap(({ path }) => (path === "" ? [] : [path])),
  };
}

function publicAttributes(values: Readonly<Record<string, AttributeValue>>): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !DIMENSION_ATTRIBUTES.includes(name)));
}

/** The dataset as a variable, or why it is left out. */
async function openVariable(
  file: Hdf5File,
  dataset: Hdf5Object,
  dims: readonly string[],
  dimensions: Readonly<Record<string, number>>,
  cache: ChunkCache<Chunk | undefined>,
): Promise<StoredVariable | string> {
  const { path, shape, messages } = dataset;
  const fieldsOf = async (type: number): Promise<Fields | undefined> => {
    const data = await findMessage(file, messages, type);
    return data && new Fields(file.uri, `header of '${path}'`, data, file.sizes);
  };
  const [typeFields, layoutFields] = [await fieldsOf(MESSAGE.datatype), await fieldsOf(MESSAGE.layout)];
  if (shape === undefined || typeFields === undefined || layoutFields === undefined) return "it holds nothing";
  const datatype = parseDatatype(typeFields);
  if (datatype.kind !== "number") return `it holds ${nameOf(datatype)}`;
  const layout = parseLayout(layoutFields);
  if (layout.kind === "virtual") return "it is a virtual dataset, whose values are in other files";
  const filterFields = await fieldsOf(MESSAGE.filters);
  const filters = filterFields === undefined ? [] : parseFilters(filterFields);
  const unsupported = unsupportedFilter(filters);
  if (unsupported !== undefined) return `its filter ${unsupported} is not supported`;
  const fillFields = await fieldsOf(MESSAGE.fillValue);
  const declared = fillFields && parseFillValue(fillFields);
  const { dtype, littleEndian, bytes: itemBytes } = datatype;
  const fill = declared?.length === itemBytes ? declared.slice() : new Uint8Array(itemBytes);
  const readBytes = makeReadBytes(file, dataset, layout, filters, itemBytes, fill, cache);
  return {
    name: path,
    dims,
    // What was never written in a chunked dataset reads as fill.
    shape: layout.kind === "chunked" ? dims.map((dim) => dimensions[dim] as number) : shape,
    dtype,
    attributes: publicAttributes(dataset.attributes.values),
    read: async (region, into) => toStoredValues(await readBytes(region, into), dtype, littleEndian),
  };
}

function nameOf(datatype: Exclude<Datatype, { kind: "number" }>): string {
  switch (datatype.kind) {
    case "string":
      return "text";
    case "reference":
      return "references";
    case "list":
      return datatype.isText ? "text" : "lists of variable length";
    case "other":
      return datatype.name;
  }
}

function makeReadBytes(
  file: Hdf5File,
  { path, address, shape = [] }: Hdf5Object,
  layout: Exclude<Layout, { kind: "virtual" }>,
  filters: ReturnType<typeof parseFilters>,
  itemBytes: number,
  fill: Uint8Array,
  cache: ChunkCache<Chunk | undefined>,
): (region: Region, into?: Uint8Array) => Promise<Uint8Array> {
  const where = `${file.uri}: variable '${path}'`;
  if (layout.kind === "contiguous" && layout.address !== Infinity) {
    const strides = rowMajorStrides(shape).map((stride) => stride * itemBytes);
    const place = { offset: layout.address + file.baseAddress, strides, itemBytes };
    return (region, into) => readStrided(file.data, place, region, `variable '${path}'`, into);
  }
  if (layout.kind !== "chunked") {
    // Compact values lie in the header; contiguous ones without an address were never written.
    const whole =
      layout.kind === "compact"
        ? makeChunk(where, layout.data, product(shape) * itemBytes, itemBytes, false)
        : undefined;
    const chunkShape = shape.map((size) => Math.max(1, size));
    return (region, into) => readChunked({ chunkShape, itemBytes, fill, loadChunk: async () => whole }, region, into);
  }
  const { chunkShape, index } = layout;
  if (chunkShape.length !== shape.length)
    throw new FormatError(
      where,
      `chunks of ${shape.length} dimensions`,
      `${chunkShape.length}`,
      "The file is corrupt.",
    );
  const chunkBytes = chunkBytesOf(where, chunkShape, itemBytes);
  const find = makeFindChunk(file, index, { shape, chunkShape, chunkBytes, isFiltered: filters.length > 0 });
  const load = async (place: readonly number[], isWhole: boolean, target?: Uint8Array): Promise<Chunk | undefined> => {
    const found = await find(place);
    if (found === undefined) return undefined;
    const what = `chunk [${place.join(", ")}] of '${path}'`;
    const lent: Uint8Array[] = [];
    const lend = (bytes: number): Uint8Array => {
      const memory = takeScratch(bytes);
      lent.push(memory);
      return memory;
    };
    const room = isWhole ? lend : undefined;
    // More than the values themselves is a claim that the read checks first.
    const into = found.bytes <= chunkBytes ? room?.(found.bytes) : undefined;
    const stored = await file.data.read(found.address + file.baseAddress, found.bytes, what, into);
    const chunk = await decodeChunk(
      `${file.uri}: ${what}`,
      stored,
      filters,
      found.mask,
      chunkBytes,
      itemBytes,
      room,
      target,
    );
    return isWhole ? { ...chunk, release: () => lent.forEach(giveScratch) } : chunk;
  };
  const loadChunk: ChunkedArray["loadChunk"] = (place, isWhole, target) =>
    isWhole
      ? load(place, true, target)
      : cache.get(`${address}:${place.join(",")}`, chunkBytes, () => load(place, false));
  return (region, into) => readChunked({ chunkShape, itemBytes, fill, loadChunk }, region, into);
}
