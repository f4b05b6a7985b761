import { MismatchError } from "@graticule/core";
import type { StateReader } from "../load-state.js";
import { decodeValues, type SafetensorsDtype, type TensorValues, toFloat32 } from "./dtype.js";
import {
  PREFIX_BYTES,
  parseHeaderLength,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from "./header.js";
import { readRange } from "./read-range.js";

/** Anything with random access to bytes: a file, an HTTP range reader, an array in memory. */
export interface ByteSource {
  /** Names the source in error messages. */
  readonly path: string;
  /** Total length. */
  readonly bytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
  /** The same at once, where the source can. */
  readSync?(offset: number, length: number): Uint8Array;
}

/** A source over bytes in memory. */
export function bytesSource(path: string, bytes: Uint8Array): ByteSource {
  return {
    path,
    bytes: bytes.byteLength,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/**
 * Reads and checks the header of a source.
 *
 * @throws {FormatError} if the source is not a well-formed safetensors file.
 */
export async function readSafetensorsHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const prefix = await source.read(0, Math.min(PREFIX_BYTES, source.bytes));
  const length = parseHeaderLength(source.path, prefix, source.bytes);
  return parseSafetensorsHeader(source.path, await source.read(0, PREFIX_BYTES + length), source.bytes);
}

/**
 * Reads one tensor's values, row-major, in slices of at most 256 MiB; F16 and BF16 become float32.
 *
 * @throws {MismatchError} if the header has no tensor of that name.
 * @throws {FormatError} if the source ends early.
 */
export async function readSafetensor(
  source: ByteSource,
  header: SafetensorsHeader,
  name: string,
): Promise<TensorValues> {
  const entry = entryOf(source, header, name);
  const bytes = await readRange(source, `${source.path}, tensor '${name}'`, entry.offset, entry.bytes);
  return decodeValues(entry.dtype, bytes);
}

/** Row-major values of a tensor, or of BF16 the bits. */
export type StoredValues = Float32Array | Uint16Array;

/** Named tensors of a file with the types that they are stored in; what `Module.loadStateDict` takes. */
export interface TensorFile extends StateReader {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: SafetensorsDtype }>;
  /** Reads one tensor at once, BF16 as its bits and all else as float32; of files of this machine. */
  readStored?(name: string): StoredValues;
}

/** What `Module.loadStateDict` takes, over a safetensors source: tensors are read one at a time, as float32. */
export async function openSafetensorsState(source: ByteSource): Promise<TensorFile> {
  const header = await readSafetensorsHeader(source);
  return {
    tensors: header.tensors,
    read: async (name) => toFloat32(await readSafetensor(source, header, name)),
    ...(source.readSync && { readStored: (name: string) => readStoredValues(source, header, name) }),
  };
}

function readStoredValues(source: ByteSource, header: SafetensorsHeader, name: string): StoredValues {
  const { dtype, offset, bytes } = entryOf(source, header, name);
  const read = source.readSync!(offset, bytes);
  return dtype === "BF16"
    ? new Uint16Array(read.buffer, read.byteOffset, bytes / 2)
    : toFloat32(decodeValues(dtype, read));
}

function entryOf(source: ByteSource, { tensors }: SafetensorsHeader, name: string): SafetensorsEntry {
  const entry = tensors.get(name);
  if (entry) return entry;
  throw new MismatchError(
    source.path,
    `one of its ${tensors.size} tensors`,
    `'${name}'`,
    `Names look like '${tensors.keys().next().value ?? ""}'.`,
  );
}
