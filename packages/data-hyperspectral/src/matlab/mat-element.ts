import { constants, inflate, type ZlibOptions } from "node:zlib";
import { FormatError } from "@graticule/core";
import type { StoredDtype } from "@graticule/data/arrays";

/** MATLAB v5's numbers for the types of elements that hold numbers. Source: MathWorks, "MAT-File Format", table 1-1. */
export const ELEMENT_TYPES: Readonly<Record<number, StoredDtype>> = {
  1: "int8",
  2: "uint8",
  3: "int16",
  4: "uint16",
  5: "int32",
  6: "uint32",
  7: "float32",
  9: "float64",
  12: "int64",
  13: "uint64",
};
export const MATRIX_ELEMENT = 14;
export const COMPRESSED_ELEMENT = 15;

/** An element's tag: its type, the size of its data, where they start. */
export interface ElementTag {
  readonly type: number;
  /** Size of the data without padding. Units: bytes. */
  readonly length: number;
  /** Where the data start, from where the tag does. */
  readonly dataAt: number;
  /** Where the next element starts, from where the tag does; data are padded to 8 bytes. */
  readonly nextAt: number;
}

/** Parses the tag at the start of bytes, of 8 bytes at least; a short tag holds up to 4 bytes of data itself. */
export function parseElementTag(bytes: DataView, at: number, littleEndian: boolean): ElementTag {
  const first = bytes.getUint32(at, littleEndian);
  if (first >>> 16 !== 0) return { type: first & 0xffff, length: first >>> 16, dataAt: 4, nextAt: 8 };
  const length = bytes.getUint32(at + 4, littleEndian);
  return { type: first, length, dataAt: 8, nextAt: 8 + Math.ceil(length / 8) * 8 };
}

/** Bytes that a compressed element's first kibibyte may unpack to: deflate's best is 1,032 to 1. */
const PREFIX_LIMIT = 2 ** 21;
const CHUNK_BYTES = 2 ** 20;

/**
 * Unpacks a compressed element whole.
 *
 * @throws {FormatError} if the bytes are no zlib stream or unpack to more than `maxBytes`, before more memory is taken.
 */
export function unpackElement(path: string, packed: Uint8Array, maxBytes: number, variable: string): Promise<Buffer> {
  const options = { maxOutputLength: maxBytes, chunkSize: Math.max(64, Math.min(CHUNK_BYTES, maxBytes)) };
  return runInflate(path, packed, options, `variable '${variable}' to unpack to at most ${maxBytes} bytes`);
}

/**
 * Unpacks what the first bytes of a compressed element hold.
 *
 * @throws {FormatError} if they are no zlib stream.
 */
export function unpackPrefix(path: string, packed: Uint8Array, at: number): Promise<Buffer> {
  const options = { maxOutputLength: PREFIX_LIMIT, finishFlush: constants.Z_SYNC_FLUSH };
  return runInflate(path, packed, options, `a zlib stream in the compressed variable at ${at}`);
}

function runInflate(path: string, packed: Uint8Array, options: ZlibOptions, expected: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    inflate(packed, options, (cause, bytes) => {
      if (cause === null) return resolve(bytes);
      const got = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? "more" : cause.message;
      reject(new FormatError(path, expected, got, "The file is truncated or corrupt.", { cause }));
    });
  });
}
