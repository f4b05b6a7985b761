import { FormatError, ShapeError } from "@graticule/core";
import {
  bytesPerValue,
  encodeSafetensorsHeader,
  openSafetensorsState,
  readSafetensorsHeader,
  type SafetensorsDtype,
  type SafetensorsHeader,
  type StateReader,
} from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type FileDigest, writeDurably } from "./durable-file.js";
import { openFileSource } from "./file-source.js";

/** Bytes handed to the disk and the checksum at once. */
const SLICE_BYTES = 64 * 1024 * 1024;

/** A tensor to write; `write` yields its row-major little-endian bytes in slices, and is called when its turn comes. */
export interface SafetensorsWriteEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  write(): AsyncIterable<Uint8Array>;
}

/** An open safetensors file; what `Module.loadStateDict` takes. */
export interface SafetensorsFile extends StateReader {
  readonly path: string;
  readonly tensors: SafetensorsHeader["tensors"];
  readonly metadata: SafetensorsHeader["metadata"];
  close(): Promise<void>;
}

/**
 * Opens a safetensors file of any size; tensors are read one at a time, in slices.
 *
 * @throws {FormatError} if its header is not well formed.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const source = await openFileSource(path);
  try {
    const { metadata, tensors } = await readSafetensorsHeader(source);
    const { read } = await openSafetensorsState(source);
    return { path, tensors, metadata, read, close: () => source.close() };
  } catch (error) {
    await source.close();
    throw error;
  }
}

const DTYPES: Readonly<Record<string, SafetensorsDtype>> = { float32: "F32", int32: "I32", bool: "BOOL" };

/**
 * Describes a tensor for `writeSafetensors`; its values leave the backend only when its turn comes.
 *
 * @throws {ShapeError} if it is complex or text.
 */
export function tensorEntry(name: string, tensor: Tensor): SafetensorsWriteEntry {
  const dtype = DTYPES[tensor.dtype];
  if (!dtype) throw new ShapeError(`tensorEntry ${name}`, Object.keys(DTYPES).join(", "), tensor.dtype);
  return {
    name,
    dtype,
    shape: tensor.shape,
    async *write() {
      const values = (await tensor.data()) as Float32Array | Int32Array | Uint8Array;
      for (let start = 0; start < values.byteLength; start += SLICE_BYTES)
        yield new Uint8Array(
          values.buffer,
          values.byteOffset + start,
          Math.min(SLICE_BYTES, values.byteLength - start),
        );
    },
  };
}

/** The bytes of a file in slices, a tensor's values as its turn comes. Throws as `writeSafetensors` does. */
export async function* safetensorsSlices(
  path: string,
  entries: readonly SafetensorsWriteEntry[],
  metadata: Readonly<Record<string, string>>,
): AsyncGenerator<Uint8Array> {
  yield encodeSafetensorsHeader(entries, metadata);
  for (const { name, dtype, shape, write } of entries) {
    const expected = shape.reduce((product, length) => product * length, bytesPerValue[dtype]);
    let written = 0;
    for await (const slice of write()) {
      written += slice.byteLength;
      yield slice;
    }
    if (written !== expected)
      throw new FormatError(`${path}, tensor '${name}'`, `${expected} bytes for ${dtype} [${shape}]`, `${written}`);
  }
}

/**
 * Writes a safetensors file as a stream of slices and syncs it to the disk; the file is never in memory as a whole.
 * Returns its length and SHA-256.
 *
 * Source: safetensors format, github.com/huggingface/safetensors, section Format.
 *
 * @throws {FormatError} if a tensor yields another number of bytes than its shape asks for; the file is then incomplete.
 */
export function writeSafetensors(
  path: string,
  entries: readonly SafetensorsWriteEntry[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<FileDigest> {
  return writeDurably(path, safetensorsSlices(path, entries, metadata));
}
