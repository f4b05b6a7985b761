import { FormatError } from "@graticule/core";
import type { ByteSource } from "./read.js";

/** Bytes asked for at once: well below the 2 GiB that one read of a file can return. */
const SLICE_BYTES = 256 * 1024 * 1024;

/**
 * Reads a range of any length, in slices of at most 256 MiB; `where` opens the message if the source ends early.
 *
 * @throws {FormatError} if the source gives fewer bytes than it was asked for.
 */
export async function readRange(
  source: ByteSource,
  where: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let start = 0; start < length; start += SLICE_BYTES) {
    const count = Math.min(SLICE_BYTES, length - start);
    const slice = await source.read(offset + start, count);
    if (slice.byteLength !== count)
      throw new FormatError(
        where,
        `${count} bytes at ${offset + start}`,
        `${slice.byteLength}`,
        "The file changed or was cut while it was read.",
      );
    bytes.set(slice, start);
  }
  return bytes;
}
