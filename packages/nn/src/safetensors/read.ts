import { MismatchError } from "@graticule/core";
import type { StateReader } from "../load-state.js";
import { decodeValues, type SafetensorsDtype, type TensorValues, toFloat32 } from "./dtype.js";
import { PREFIX_BYTES, parseHeaderLength, parseSafetensorsHeader, type SafetensorsHeader } from "./header.js";
import { readRange } from "./read-range.js";

/** Anything with random access to bytes: a file, an HTTP range reader, an array in memory. */
export interface ByteSource {
  /** Names the source in error messages. */
  readonly path: string;
  /** Total length. */
  readonly bytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
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
  const entry = header.tensors.get(name);
  if (!entry)
    throw new MismatchError(
      source.path,
      `one of its ${header.tensors.size} tensors`,
      `'${name}'`,
      `Names look like '${header.tensors.keys().next().value ?? ""}'.`,
    );
  const bytes = await readRange(source, `${source.path}, tensor '${name}'`, entry.offset, entry.bytes);
  return decodeValues(entry.dtype, bytes);
}

/** Named tensors of a file with the types that they are stored in; what `Module.loadStateDict` takes. */
export interface TensorFile extends StateReader {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly dtype: SafetensorsDtype }>;
}

/** What `Module.loadStateDict` takes, over a safetensors source: tensors are read one at a time, as float32. */
export async function openSafetensorsState(source: ByteSource): Promise<TensorFile> {
  const header = await readSafetensorsHeader(source);
  return {
    tensors: header.tensors,
    read: async (name) => toFloat32(await readSafetensor(source, header, name)),
  };
}
