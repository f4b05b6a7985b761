import { itemBytesOf, type StoredDtype } from "@graticule/data/arrays";
import type { AttributeValue } from "../gridded-dataset.js";
import { padding } from "./field-reader.js";
import { LIST_TAGS, NETCDF3_TYPES, type Netcdf3Type } from "./netcdf3-header.js";

/** A variable as the header declares it. */
export interface HeaderVariable {
  readonly name: string;
  readonly dims: readonly string[];
  readonly dtype: StoredDtype;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** Of its values, without padding. */
  readonly bytes: number;
}

export interface HeaderContent {
  readonly dimensions: Readonly<Record<string, number>>;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly variables: readonly HeaderVariable[];
}

/** Encodes the header of a file with fixed dimensions, whose variables follow in order, each padded to 4 bytes. */
export function writeNetcdf3Header(content: HeaderContent, version: 2 | 5): Uint8Array {
  // Offsets have one width whatever their value, so the length is known from a first pass.
  const length = encode(content, version, 0).length;
  return encode(content, version, length);
}

function encode({ dimensions, attributes = {}, variables }: HeaderContent, version: 2 | 5, start: number): Uint8Array {
  const parts: Buffer[] = [Buffer.from([0x43, 0x44, 0x46, version])];
  const uint32 = (value: number): void => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    parts.push(bytes);
  };
  const uint64 = (value: number): void => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    parts.push(bytes);
  };
  const count = version === 5 ? uint64 : uint32;
  const padded = (bytes: Buffer): void => {
    parts.push(bytes, Buffer.alloc(padding(bytes.length)));
  };
  const text = (value: string): void => {
    const bytes = Buffer.from(value);
    count(bytes.length);
    padded(bytes);
  };
  const list = <Item>(tag: number, items: readonly Item[], write: (item: Item) => void): void => {
    uint32(items.length === 0 ? 0 : tag);
    count(items.length);
    items.forEach(write);
  };
  const attributeList = (values: Readonly<Record<string, AttributeValue>>, dtype?: StoredDtype): void =>
    list(LIST_TAGS.attributes, Object.entries(values), ([name, value]) => {
      text(name);
      const isOfVariable = name === "_FillValue" || name === "missing_value";
      if (typeof value === "string") {
        uint32(typeCode("char"));
        text(value);
        return;
      }
      const numbers = typeof value === "number" ? [value] : value;
      const isInteger = numbers.every((number) => Number.isInteger(number) && Math.abs(number) < 2 ** 31);
      const type = isOfVariable && dtype !== undefined ? dtype : isInteger ? "int32" : "float64";
      uint32(typeCode(type));
      count(numbers.length);
      padded(encodeNumbers(numbers, type));
    });

  count(0); // No records.
  list(LIST_TAGS.dimensions, Object.entries(dimensions), ([name, size]) => {
    text(name);
    count(size);
  });
  attributeList(attributes);
  const ids = Object.keys(dimensions);
  let offset = start;
  list(LIST_TAGS.variables, variables, ({ name, dims, dtype, attributes: own, bytes }) => {
    text(name);
    count(dims.length);
    for (const dim of dims) count(ids.indexOf(dim));
    attributeList(own, dtype);
    uint32(typeCode(dtype));
    const size = bytes + padding(bytes);
    count(size);
    uint64(offset);
    offset += size;
  });
  return Buffer.concat(parts);
}

function typeCode(type: Netcdf3Type): number {
  return NETCDF3_TYPES.indexOf(type) + 1;
}

function encodeNumbers(numbers: readonly number[], dtype: StoredDtype): Buffer {
  const itemBytes = itemBytesOf(dtype);
  const bytes = Buffer.alloc(numbers.length * itemBytes);
  for (const [index, value] of numbers.entries()) {
    const at = index * itemBytes;
    if (dtype === "float32") bytes.writeFloatBE(value, at);
    else if (dtype === "float64") bytes.writeDoubleBE(value, at);
    else if (dtype.endsWith("64")) bytes.writeBigInt64BE(BigInt(value), at);
    else if (dtype.startsWith("u")) bytes.writeUIntBE(value, at, itemBytes);
    else bytes.writeIntBE(value, at, itemBytes);
  }
  return bytes;
}
