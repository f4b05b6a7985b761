import type { StoredDtype } from "@graticule/data/arrays";
import {
  type ChunkCoding,
  type CodecSpec,
  isObject,
  MetadataFields,
  parseFill,
  readJsonAttributes,
  type ZarrArray,
} from "./array-metadata.js";

const DTYPES = /^(u?int(8|16|32|64)|float(32|64)|bool)$/;

/**
 * Parses an array's `zarr.json`.
 *
 * Source: Zarr core specification, version 3.1, and its codecs; `sharding_indexed` 1.0.
 *
 * @returns the array, or why it is left out. @throws {FormatError} if a field is broken.
 */
export function parseZarrV3(uri: string, path: string, json: unknown): ZarrArray | string {
  const fields = new MetadataFields(`${uri}: '${path}/zarr.json'`, json);
  const shape = fields.sizes("shape", 0);
  const type = fields.json.data_type;
  if (typeof type !== "string" || !DTYPES.test(type)) return `it holds values of type ${JSON.stringify(type)}`;
  const grid = fields.object("chunk_grid");
  if (grid.text("name") !== "regular") return `its chunk grid '${grid.text("name")}' is not supported`;
  const gridShape = grid.object("configuration").sizes("chunk_shape", 1);
  const codecs = readCodecs(fields, fields.json.codecs);
  const sharding = codecs.find(({ name }) => name === "sharding_indexed");
  let coding: ChunkCoding | string;
  let shard: ZarrArray["shard"];
  if (sharding === undefined) coding = readCoding(codecs, gridShape);
  else {
    if (codecs.length > 1) return "it has codecs around its shards, which is not supported";
    const inner = new MetadataFields(`${fields.where}, 'sharding_indexed'`, sharding.configuration);
    const chunkShape = inner.sizes("chunk_shape", 1);
    if (chunkShape.length !== shape.length || chunkShape.some((size, dim) => (gridShape[dim] as number) % size !== 0))
      throw inner.broken(`chunks that divide shards of ${JSON.stringify(gridShape)}`, chunkShape);
    const indexCodecs = readCodecs(inner, inner.json.index_codecs).map(({ name }) => name);
    if (indexCodecs.some((name) => name !== "bytes" && name !== "crc32c"))
      return `its shards' index is coded by ${indexCodecs.join(", ")}`;
    coding = readCoding(readCodecs(inner, inner.json.codecs), chunkShape);
    const indexAtEnd = inner.json.index_location !== "start";
    shard = { shape: gridShape, indexAtEnd, hasChecksum: indexCodecs.includes("crc32c") };
  }
  if (typeof coding === "string") return coding;
  if (gridShape.length !== shape.length) throw grid.broken(`${shape.length} sizes in 'chunk_shape'`, gridShape);
  const named = fields.json.dimension_names;
  const isNamed =
    Array.isArray(named) && named.length === shape.length && named.every((name) => typeof name === "string");
  return {
    path,
    shape,
    dims: isNamed ? (named as string[]) : undefined,
    dtype: (type === "bool" ? "uint8" : type) as StoredDtype,
    fillValue: parseFill(fields.json.fill_value),
    attributes: readAttributes(fields.json.attributes),
    coding,
    shard,
    keyOf: makeKeyOf(fields),
  };
}

/** xarray writes `_FillValue` of floats as the base64 of their bytes. */
function readAttributes(json: unknown): ZarrArray["attributes"] {
  const attributes = readJsonAttributes(json);
  const fill = attributes._FillValue;
  if (typeof fill !== "string") return attributes;
  const bytes = Buffer.from(fill, "base64");
  const value = parseFill(fill) ?? (bytes.length === 8 ? bytes.readDoubleLE() : undefined);
  if (value === undefined) delete attributes._FillValue;
  else attributes._FillValue = value;
  return attributes;
}

function readCodecs(fields: MetadataFields, list: unknown): CodecSpec[] {
  if (!Array.isArray(list)) throw fields.broken("a list of codecs", list);
  return list.map((codec): CodecSpec => {
    if (typeof codec === "string") return { name: codec, configuration: {} };
    if (!isObject(codec) || typeof codec.name !== "string") throw fields.broken("codecs with a 'name'", codec);
    return { name: codec.name, configuration: isObject(codec.configuration) ? codec.configuration : {} };
  });
}

function readCoding(codecs: readonly CodecSpec[], chunkShape: readonly number[]): ChunkCoding | string {
  const at = codecs.findIndex(({ name }) => name === "bytes");
  if (at < 0) return `its codecs are ${codecs.map(({ name }) => name).join(", ")}`;
  const before = codecs.slice(0, at);
  const order = before[0]?.configuration.order;
  const isOrder =
    Array.isArray(order) && order.length === chunkShape.length && chunkShape.every((_, dim) => order.includes(dim));
  if (before.length > 1 || (before.length === 1 && (before[0]?.name !== "transpose" || !isOrder)))
    return `its codecs before 'bytes' are ${before.map(({ name }) => name).join(", ")}`;
  return {
    chunkShape,
    littleEndian: codecs[at]?.configuration.endian !== "big",
    order: isOrder ? (order as number[]) : undefined,
    compressors: codecs.slice(at + 1).map((codec) => ({ ...codec, name: codec.name.replace(/^numcodecs\./, "") })),
  };
}

function makeKeyOf(fields: MetadataFields): ZarrArray["keyOf"] {
  const encoding = fields.object("chunk_key_encoding");
  const configuration = isObject(encoding.json.configuration) ? encoding.json.configuration : {};
  const name = encoding.text("name");
  if (name !== "default" && name !== "v2") throw encoding.broken("'default' or 'v2'", name);
  const { separator = name === "v2" ? "." : "/" } = configuration;
  if (separator !== "." && separator !== "/") throw encoding.broken("'.' or '/' as separator", separator);
  if (name === "v2") return (place) => (place.length === 0 ? "0" : place.join(separator));
  return (place) => ["c", ...place].join(separator);
}
