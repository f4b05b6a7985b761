import { type AttributeValue, numbersOf, type StoredDtype, type StoredValues } from "@graticule/data/arrays";
import { markMissingFloats, unpackShorts } from "./unpack-shorts.js";

/** How a variable's stored numbers become values. */
export interface ValueDecoder {
  readonly dtype: "float32" | "float64";
  /** Values, NaN for missing ones. May reuse the memory of `stored`, or lie in `into`, which is for float32 values. */
  decode(stored: StoredValues, into?: Float32Array): Float32Array | Float64Array;
}

/** What NetCDF's library writes where nothing was written. Source: netcdf.h, NC_FILL_FLOAT and NC_FILL_DOUBLE. */
const UNWRITTEN = 9.969209968386869e36;

/** Attributes that the decoder uses up: they describe the stored numbers, not the values. */
export const PACKING_ATTRIBUTES: readonly string[] = [
  "scale_factor",
  "add_offset",
  "_FillValue",
  "missing_value",
  "valid_range",
  "valid_min",
  "valid_max",
  "_Unsigned",
];

const NARROW_SIGNED: readonly StoredDtype[] = ["int8", "int16", "int32"];

/**
 * Makes the decoder that a variable's attributes ask for: `_Unsigned`, then `_FillValue`, `missing_value` and
 * `valid_range` in stored numbers, then `scale_factor` and `add_offset`. Integers of up to 16 bits and float32 become
 * float32; all others float64.
 *
 * Source: CF conventions 1.11, sections 2.5.1 and 8.1; NetCDF User's Guide, "Attribute Conventions" (`_Unsigned`).
 */
export function makeValueDecoder(
  storedDtype: StoredDtype,
  attributes: Readonly<Record<string, AttributeValue>>,
): ValueDecoder {
  const isFloat = storedDtype.startsWith("float");
  const unsigned = isUnsigned(attributes) && NARROW_SIGNED.includes(storedDtype);
  const signed = attributes._Unsigned === "false" && NARROW_SIGNED.includes(storedDtype.slice(1) as StoredDtype);
  const reinterpreted = unsigned ? (`u${storedDtype}` as StoredDtype) : storedDtype;
  const dtype = signed ? (storedDtype.slice(1) as StoredDtype) : reinterpreted;
  const inStored = (values: number[]): number[] => values.map((value) => reinterpret(value, storedDtype, dtype));

  const missing = inStored([...numbersOf(attributes._FillValue), ...numbersOf(attributes.missing_value)]);
  if (isFloat) missing.push(storedDtype === "float32" ? Math.fround(UNWRITTEN) : UNWRITTEN);
  const marks = [...new Set(storedDtype === "float32" ? missing.map(Math.fround) : missing)].filter(
    (value) => !Number.isNaN(value),
  );
  const scale = numbersOf(attributes.scale_factor)[0] ?? 1;
  const offset = numbersOf(attributes.add_offset)[0] ?? 0;
  const [least, most] = validRange(attributes, isFloat, scale, offset, inStored);
  const narrow = storedDtype === "float32" || storedDtype.endsWith("int8") || storedDtype.endsWith("int16");

  const few = marks.length <= 2;
  const bits = storedDtype.endsWith("int8") ? 8 : storedDtype.endsWith("int16") ? 16 : 0;
  let table: Float32Array | undefined;
  let decoded = 0;

  return {
    dtype: narrow ? "float32" : "float64",
    decode(stored, into) {
      const source = viewAs(stored, dtype);
      const room = (): Float32Array => into ?? new Float32Array(source.length);
      if (few && (source instanceof Int16Array || source instanceof Uint16Array))
        return unpackShorts(source, { marks, least, most }, scale, offset, room());
      decoded += stored.length;
      if (bits > 0 && decoded > 2 ** bits) {
        table ??= makeTable(bits, dtype, marks, least, most, scale, offset);
        return lookUp(stored, table, room());
      }
      const reusable =
        (narrow && source instanceof Float32Array) || (!narrow && source instanceof Float64Array) ? source : undefined;
      const target = reusable ?? (narrow ? room() : new Float64Array(source.length));
      if (scale !== 1 || offset !== 0 || target !== source) unpack(source, target, marks, least, most, scale, offset);
      else markMissing(target, marks, least, most);
      return target;
    },
  };
}

function isUnsigned(attributes: Readonly<Record<string, AttributeValue>>): boolean {
  return String(attributes._Unsigned).toLowerCase() === "true";
}

/** The least and most stored number that is valid; a bound that no integer can be is one of the unpacked values. */
function validRange(
  attributes: Readonly<Record<string, AttributeValue>>,
  isFloat: boolean,
  scale: number,
  offset: number,
  inStored: (values: number[]) => number[],
): [number, number] {
  const range = numbersOf(attributes.valid_range);
  const [least = -Infinity] = range.length === 2 ? range : numbersOf(attributes.valid_min);
  const most = (range.length === 2 ? range[1] : numbersOf(attributes.valid_max)[0]) ?? Infinity;
  const finite = [least, most].filter(Number.isFinite);
  if (isFloat || finite.every(Number.isInteger)) {
    const [low, high] = inStored([least, most]);
    return [low as number, high as number];
  }
  const bounds = [(least - offset) / scale, (most - offset) / scale];
  return [Math.min(...bounds), Math.max(...bounds)];
}

/** A number of one integer type, seen as the type of the other sign and the same width. */
function reinterpret(value: number, from: StoredDtype, to: StoredDtype): number {
  if (from === to) return value;
  const span = 2 ** (from.endsWith("8") ? 8 : from.endsWith("16") ? 16 : from.endsWith("32") ? 32 : 64);
  if (to.startsWith("uint")) return value < 0 ? value + span : value;
  return value >= span / 2 ? value - span : value;
}

function viewAs(stored: StoredValues, dtype: StoredDtype): StoredValues {
  const at = [stored.buffer as ArrayBuffer, stored.byteOffset, stored.length] as const;
  if (stored instanceof Int8Array && dtype === "uint8") return new Uint8Array(...at);
  if (stored instanceof Int16Array && dtype === "uint16") return new Uint16Array(...at);
  if (stored instanceof Int32Array && dtype === "uint32") return new Uint32Array(...at);
  if (stored instanceof Uint8Array && dtype === "int8") return new Int8Array(...at);
  if (stored instanceof Uint16Array && dtype === "int16") return new Int16Array(...at);
  if (stored instanceof Uint32Array && dtype === "int32") return new Int32Array(...at);
  return stored;
}

function unpack(
  source: StoredValues,
  target: Float32Array | Float64Array,
  marks: readonly number[],
  least: number,
  most: number,
  scale: number,
  offset: number,
): void {
  const [first = NaN, second = NaN, ...others] = marks;
  const bounded = least !== -Infinity || most !== Infinity;
  for (let index = 0; index < source.length; index++) {
    const value = source[index] as number;
    const missing =
      value === first ||
      value === second ||
      (bounded && (value < least || value > most)) ||
      (others.length > 0 && others.includes(value));
    target[index] = missing ? NaN : value * scale + offset;
  }
}

/** The value of every number of 8 or 16 bits: with it, missing values and packing cost nothing. Built once used. */
function makeTable(
  bits: number,
  dtype: StoredDtype,
  marks: readonly number[],
  least: number,
  most: number,
  scale: number,
  offset: number,
): Float32Array {
  const numbers = bits === 8 ? new Uint8Array(2 ** 8) : new Uint16Array(2 ** 16);
  for (let index = 0; index < numbers.length; index++) numbers[index] = index;
  const signed = dtype.startsWith("int");
  const source = !signed ? numbers : bits === 8 ? new Int8Array(numbers.buffer) : new Int16Array(numbers.buffer);
  const table = new Float32Array(source.length);
  unpack(source, table, marks, least, most, scale, offset);
  return table;
}

function lookUp(stored: StoredValues, table: Float32Array, target: Float32Array): Float32Array {
  const at = [stored.buffer as ArrayBuffer, stored.byteOffset, stored.length] as const;
  if (table.length === 2 ** 8) {
    const source = new Uint8Array(...at);
    for (let index = 0; index < source.length; index++) target[index] = table[source[index] as number] as number;
  } else {
    const source = new Uint16Array(...at);
    for (let index = 0; index < source.length; index++) target[index] = table[source[index] as number] as number;
  }
  return target;
}

function markMissing(values: Float32Array | Float64Array, marks: readonly number[], least: number, most: number): void {
  if (least !== -Infinity || most !== Infinity)
    for (let index = 0; index < values.length; index++)
      if ((values[index] as number) < least || (values[index] as number) > most) values[index] = NaN;
  if (marks.length <= 2 && values instanceof Float32Array) {
    markMissingFloats(values, marks);
    return;
  }
  for (const mark of marks)
    for (let at = values.indexOf(mark); at >= 0; at = values.indexOf(mark, at + 1)) values[at] = NaN;
}
