import { expectation, FormatError } from "@graticule/core";
import { bytesPerValue, type SafetensorsDtype } from "./dtype.js";
import { findDuplicateKey } from "./duplicate-key.js";

/** Where one tensor lies in a file. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Length of the number that opens a file and tells the length of the JSON text behind it. */
export const PREFIX_BYTES = 8;

/** The reference implementation's limit: a longer header is taken for an attack. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * The length in bytes of the JSON text, from the first 8 bytes of a file of `fileBytes` bytes.
 *
 * @throws {FormatError} if the file is shorter than that, or the length is beyond the format's limit.
 */
export function parseHeaderLength(path: string, bytes: Uint8Array, fileBytes: number): number {
  if (bytes.byteLength < PREFIX_BYTES || fileBytes < PREFIX_BYTES)
    throw new FormatError(
      path,
      "a safetensors file of at least 8 bytes",
      `${Math.min(bytes.byteLength, fileBytes)} bytes`,
      "The file is empty or truncated; copy it again.",
    );
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length < 2n || length > BigInt(Math.min(MAX_HEADER_BYTES, fileBytes - PREFIX_BYTES)))
    throw new FormatError(
      path,
      `a header of 2 to ${Math.min(MAX_HEADER_BYTES, fileBytes - PREFIX_BYTES)} bytes in a file of ${fileBytes}`,
      `a header length of ${length}`,
      "The file is truncated or not in safetensors format.",
    );
  return Number(length);
}

/**
 * Parses and checks the header of a safetensors file: `bytes` begins at the file's start and holds at least the header.
 * Every tensor's range lies in the file, ranges neither overlap nor leave holes, and each fits its dtype and shape.
 *
 * Source: safetensors format, github.com/huggingface/safetensors, section Format.
 *
 * @throws {FormatError} for anything else.
 */
export function parseSafetensorsHeader(path: string, bytes: Uint8Array, fileBytes: number): SafetensorsHeader {
  const length = parseHeaderLength(path, bytes, fileBytes);
  if (bytes.byteLength < PREFIX_BYTES + length)
    throw new FormatError(path, `a header of ${length} bytes`, `${bytes.byteLength - PREFIX_BYTES} of them`);
  const json = parseJsonObject(path, bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
  const dataStart = PREFIX_BYTES + length;
  const tensors = new Map<string, SafetensorsEntry>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(json))
    if (name === "__metadata__") metadata = parseMetadata(path, value);
    else tensors.set(name, parseEntry(path, name, value, dataStart));
  checkRanges(path, tensors, dataStart, fileBytes);
  return { tensors, metadata };
}

/**
 * The opening bytes of a file that holds `entries` one after the other in the given order, padded with spaces so that
 * the data starts at a multiple of 8.
 *
 * @throws {RangeError} if two entries have one name.
 */
export function encodeSafetensorsHeader(
  entries: readonly { readonly name: string; readonly dtype: SafetensorsDtype; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const fields: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  const names = new Set(["__metadata__"]);
  let begin = 0;
  for (const { name, dtype, shape } of entries) {
    if (names.has(name))
      throw new RangeError(
        expectation("encodeSafetensorsHeader", "distinct names", `'${name}' twice`, "Rename one of the tensors."),
      );
    names.add(name);
    const end = begin + shape.reduce((product, size) => product * size, bytesPerValue[dtype]);
    fields.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const length = Math.ceil(text.byteLength / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, PREFIX_BYTES);
  return bytes;
}

function parseJsonObject(path: string, bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(path, "a header in JSON", excerpt(bytes), "The file is not in safetensors format.", {
      cause,
    });
  }
  if (!isRecord(json)) throw new FormatError(path, "a header that is a JSON object", excerpt(bytes));
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined)
    throw new FormatError(path, "distinct keys in the header", `'${shorten(duplicate)}' twice`);
  return json;
}

function parseMetadata(path: string, value: unknown): Record<string, string> {
  if (!isRecord(value) || !Object.values(value).every((item) => typeof item === "string"))
    throw new FormatError(path, "__metadata__ to map text to text", shorten(JSON.stringify(value)));
  return value as Record<string, string>;
}

function parseEntry(path: string, name: string, value: unknown, dataStart: number): SafetensorsEntry {
  const where = `${path}, tensor '${shorten(name)}'`;
  const fail = (expected: string, got: unknown): never => {
    throw new FormatError(where, expected, shorten(JSON.stringify(got) ?? "nothing"));
  };
  if (!isRecord(value)) return fail("an object with dtype, shape and data_offsets", value);
  const { dtype, shape, data_offsets: range } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(bytesPerValue, dtype))
    return fail(`a dtype of ${Object.keys(bytesPerValue).join(", ")}`, dtype);
  if (!isWholeNumbers(shape)) return fail("a shape of whole numbers", shape);
  if (!isWholeNumbers(range) || range.length !== 2 || range[1]! < range[0]!)
    return fail("data_offsets [begin, end] of whole numbers", range);
  const [begin, end] = range as [number, number];
  let bytes = bytesPerValue[dtype as SafetensorsDtype] as number;
  for (const size of shape) {
    bytes *= size;
    if (bytes > Number.MAX_SAFE_INTEGER) return fail("a shape of at most 2^53 bytes", shape);
  }
  if (bytes !== end - begin) return fail(`data_offsets ${bytes} bytes apart for ${dtype} [${shape}]`, range);
  return { dtype: dtype as SafetensorsDtype, shape, offset: dataStart + begin, bytes };
}

function checkRanges(
  path: string,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  dataStart: number,
  fileBytes: number,
): void {
  let position = dataStart;
  const sorted = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  for (const [name, { offset, bytes }] of sorted) {
    if (offset !== position)
      throw new FormatError(
        `${path}, tensor '${shorten(name)}'`,
        `data from byte ${position} on, where the tensor before it ends`,
        `byte ${offset}`,
        "Ranges must not overlap or leave holes.",
      );
    position = offset + bytes;
  }
  if (position !== fileBytes)
    throw new FormatError(
      path,
      `${position} bytes by its header`,
      `${fileBytes}`,
      "The file is truncated or has bytes appended; copy it again.",
    );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function shorten(text: string | undefined): string {
  return text === undefined ? "nothing" : text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function excerpt(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(0, 40)));
}
