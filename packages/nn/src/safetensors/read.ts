import { FormatError, MismatchError } from "@graticule/core";
import type { StateReader } from "../load-state.js";
import { decodeValues, type TensorValues } from "./dtype.js";
import { PREFIX_BYTES, parseHeaderLength, parseSafetensorsHeader, type SafetensorsHeader } from "./header.js";

/** Anything with random access to bytes: a file, an HTTP range reader, an array in memory. */
export interface ByteSource {
  /** Names the source in error messages. */
  readonly path: string;
  /** Total length. */
  readonly bytes: number;
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Bytes asked for at once: well below the 2 GiB that one read of a file can return. */
const SLICE_BYTES = 256 * 1024 * 1024;

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
  const bytes = new Uint8Array(entry.bytes);
  for (let start = 0; start < entry.bytes; start += SLICE_BYTES) {
    const length = Math.min(SLICE_BYTES, entry.bytes - start);
    const slice = await source.read(entry.offset + start, length);
    if (slice.byteLength !== length)
      throw new FormatError(
        `${source.path}, tensor '${name}'`,
        `${length} bytes at ${entry.offset + start}`,
        `${slice.byteLength}`,
        "The file changed or was cut while it was read.",
      );
    bytes.set(slice, start);
  }
  return decodeValues(entry.dtype, bytes);
}

/** What `Module.loadStateDict` takes, over a safetensors source: tensors are read one at a time, as float32. */
export async function openSafetensorsState(source: ByteSource): Promise<StateReader> {
  const header = await readSafetensorsHeader(source);
  return {
    tensors: header.tensors,
    read: async (name) => {
      const values = await readSafetensor(source, header, name);
      return values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>, Number);
    },
  };
}
