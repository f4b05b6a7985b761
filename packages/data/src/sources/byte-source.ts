import { FormatError } from "@graticule/core";

/** Bytes that can be read by ranges: a file, or an object behind HTTP. */
export interface ByteSource {
  /** Path or URL, as messages name it; a URL without its credentials. */
  readonly uri: string;
  /** Size of the whole. Units: bytes. */
  readonly size: number;
  /** Ranges with at most this many bytes between them are cheaper to read as one. */
  readonly gapBytes: number;
  /**
   * Reads exactly `length` bytes from `offset`.
   *
   * @param into memory of that length, which a source may read into and return instead of new memory.
   * @throws {FormatError} naming `what`, before memory is taken, if the range leaves the source.
   */
  read(offset: number, length: number, what: string, into?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Checks that a range lies inside a source, so that no length from a hostile header is ever allocated.
 *
 * @throws {FormatError} naming the source and `what`.
 */
export function assertByteRange(
  { uri, size }: Pick<ByteSource, "uri" | "size">,
  offset: number,
  length: number,
  what: string,
): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!whole || offset + length > size)
    throw new FormatError(
      uri,
      `${what} of ${length} bytes at ${offset}`,
      `a file of ${size} bytes`,
      "The file is truncated or corrupt.",
    );
}

/** A source over bytes in memory; reads are views of them. */
export function makeMemorySource(uri: string, bytes: Uint8Array): ByteSource {
  return {
    uri,
    size: bytes.length,
    gapBytes: 0,
    async read(offset, length, what) {
      assertByteRange({ uri, size: bytes.length }, offset, length, what);
      return bytes.subarray(offset, offset + length);
    },
    async close() {},
  };
}
