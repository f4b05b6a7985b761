import type { StoredDtype } from "@graticule/data/arrays";
import {
  type CodecSpec,
  isObject,
  MetadataFields,
  parseFill,
  readJsonAttributes,
  type ZarrArray,
} from "./array-metadata.js";

const KINDS: Readonly<Record<string, string>> = { i: "int", u: "uint", f: "float", b: "uint" };

/**
 * Parses an array's `.zarray` and `.zattrs`.
 *
 * Source: Zarr storage specification, version 2; `_ARRAY_DIMENSIONS` as xarray writes it.
 *
 * @returns the array, or why it is left out. @throws {FormatError} if a field is broken.
 */
export function parseZarrV2(uri: string, path: string, json: unknown, attributesJson: unknown): ZarrArray | string {
  const fields = new MetadataFields(`${uri}: '${path}/.zarray'`, json);
  const shape = fields.sizes("shape", 0);
  const chunkShape = fields.sizes("chunks", 1);
  if (chunkShape.length !== shape.length) throw fields.broken(`${shape.length} sizes in 'chunks'`, chunkShape);
  const type = fields.json.dtype;
  if (Array.isArray(type)) return "it holds a compound type";
  const [, endian, kind, bytes] = /^([<>|])([a-zA-Z])(\d*)/.exec(fields.text("dtype")) ?? [];
  if (endian === undefined) throw fields.broken("a NumPy type in 'dtype'", type);
  if (kind === "U" || kind === "S" || kind === "O") return "it holds text or objects";
  const dtype = `${KINDS[kind as string]}${8 * Number(bytes)}` as StoredDtype;
  if (!/^(u?int(8|16|32|64)|float(32|64))$/.test(dtype)) return `it holds values of type ${type}`;
  const filters = Array.isArray(fields.json.filters) ? fields.json.filters : [];
  const compressors = [...filters, ...(fields.json.compressor ? [fields.json.compressor] : [])].map(
    (codec): CodecSpec => {
      if (!isObject(codec) || typeof codec.id !== "string") throw fields.broken("codecs with an 'id'", codec);
      return { name: codec.id, configuration: codec };
    },
  );
  const separator = fields.json.dimension_separator === "/" ? "/" : ".";
  const attributes = readJsonAttributes(attributesJson);
  const named = isObject(attributesJson) ? attributesJson._ARRAY_DIMENSIONS : undefined;
  const isNamed =
    Array.isArray(named) && named.length === shape.length && named.every((name) => typeof name === "string");
  const fillValue = parseFill(fields.json.fill_value);
  delete attributes._ARRAY_DIMENSIONS;
  // As in xarray, what was never written is missing.
  if (fillValue !== undefined) attributes._FillValue ??= fillValue;
  return {
    path,
    shape,
    dims: isNamed ? (named as string[]) : undefined,
    dtype,
    fillValue,
    attributes,
    coding: {
      chunkShape,
      littleEndian: endian !== ">",
      order: fields.json.order === "F" ? shape.map((_, dim) => shape.length - 1 - dim) : undefined,
      compressors,
    },
    shard: undefined,
    keyOf: (place) => (place.length === 0 ? "0" : place.join(separator)),
  };
}
