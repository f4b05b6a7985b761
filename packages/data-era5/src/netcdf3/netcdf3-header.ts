import { FormatError } from "@graticule/core";
import type { ByteSource } from "@graticule/data";
import type { StoredDtype } from "@graticule/data/arrays";
import type { AttributeValue } from "../gridded-dataset.js";
import { FieldReader, OutOfBytes } from "./field-reader.js";

export interface Netcdf3Dimension {
  readonly name: string;
  /** 0 for the record dimension. */
  readonly length: number;
}

export interface Netcdf3Variable {
  readonly name: string;
  readonly dimensionIds: readonly number[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly dtype: Netcdf3Type;
  /** Offset of its first value. Units: bytes. */
  readonly begin: number;
}

/** A numeric type, or text. */
export type Netcdf3Type = StoredDtype | "char";

export interface Netcdf3Header {
  readonly version: 1 | 2 | 5;
  /** Number of records; undefined where the writer left it open ("streaming"). */
  readonly numRecords: number | undefined;
  readonly dimensions: readonly Netcdf3Dimension[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly variables: readonly Netcdf3Variable[];
}

const FIRST_READ_BYTES = 2 ** 16;

/** Type codes of the format, from 1 on; those from 7 on are CDF-5's. */
export const NETCDF3_TYPES: readonly Netcdf3Type[] = [
  "int8",
  "char",
  "int16",
  "int32",
  "float32",
  "float64",
  "uint8",
  "uint16",
  "uint32",
  "int64",
  "uint64",
];

/** Tags of the header's lists. */
export const LIST_TAGS = { dimensions: 10, variables: 11, attributes: 12 } as const;

/**
 * Reads the header of a NetCDF classic, 64-bit offset or CDF-5 file, in as many bytes as it takes.
 *
 * Source: "The NetCDF Classic Format Specification", and PnetCDF's "CDF-5 format specification".
 *
 * @throws {FormatError} naming the field that is broken.
 */
export async function readNetcdf3Header(source: ByteSource): Promise<Netcdf3Header> {
  for (let length = FIRST_READ_BYTES; ; length *= 4) {
    const bytes = await source.read(0, Math.min(length, source.size), "the NetCDF header");
    try {
      return parseNetcdf3Header(source.uri, bytes);
    } catch (error) {
      if (!(error instanceof OutOfBytes)) throw error;
      if (length >= source.size)
        throw new FormatError(
          source.uri,
          `${error.what} at ${error.offset}`,
          `a file of ${source.size} bytes`,
          "The file is truncated or corrupt.",
        );
    }
  }
}

/** @throws {OutOfBytes} if the header goes on after `bytes`. */
function parseNetcdf3Header(uri: string, bytes: Uint8Array): Netcdf3Header {
  const version = bytes[3] as 1 | 2 | 5;
  const fields = new FieldReader(uri, bytes, 4, version === 5);
  const records = fields.readRecordCount();
  const dimensions = fields.readList(LIST_TAGS.dimensions, "dimension list", () => {
    const name = fields.readName("a dimension's name");
    return { name, length: fields.readCount(`length of dimension '${name}'`) };
  });
  const attributes = readAttributes(fields, "the file");
  const variables = fields.readList(LIST_TAGS.variables, "variable list", () => {
    const name = fields.readName("a variable's name");
    const rank = fields.readCount(`number of dimensions of '${name}'`);
    const dimensionIds: number[] = [];
    for (let index = 0; index < rank; index++) {
      const id = fields.readCount(`dimension ${index} of '${name}'`);
      if (id >= dimensions.length)
        throw fields.broken(`a dimension below ${dimensions.length} for '${name}'`, `dimension ${id}`);
      if (index > 0 && dimensions[id]?.length === 0)
        throw fields.broken(`the record dimension first in '${name}'`, `it at place ${index}`);
      dimensionIds.push(id);
    }
    const own = readAttributes(fields, `'${name}'`);
    const dtype = readType(fields, name);
    // The declared size overflows for large variables: the format has readers compute it.
    fields.readCount(`size of '${name}'`);
    const begin = version === 1 ? fields.readUint32(`offset of '${name}'`) : fields.readUint64(`offset of '${name}'`);
    return { name, dimensionIds, attributes: own, dtype, begin };
  });
  return { version, numRecords: records, dimensions, attributes, variables };
}

function readType(fields: FieldReader, name: string): Netcdf3Type {
  const code = fields.readUint32(`type of '${name}'`);
  const dtype = NETCDF3_TYPES[code - 1];
  if (dtype === undefined) throw fields.broken(`a type from 1 to ${NETCDF3_TYPES.length} for '${name}'`, `${code}`);
  return dtype;
}

function readAttributes(fields: FieldReader, owner: string): Record<string, AttributeValue> {
  const entries = fields.readList(LIST_TAGS.attributes, `attribute list of ${owner}`, (): [string, AttributeValue] => {
    const name = fields.readName(`an attribute's name of ${owner}`);
    const type = readType(fields, name);
    const count = fields.readCount(`length of attribute '${name}'`);
    if (type === "char") return [name, fields.readText(count, `attribute '${name}'`)];
    const values = fields.readValues(type, count, `attribute '${name}'`);
    return [name, values.length === 1 ? (values[0] as number) : values];
  });
  return Object.fromEntries(entries);
}
