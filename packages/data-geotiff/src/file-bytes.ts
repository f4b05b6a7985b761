import type { FileHandle } from "node:fs/promises";
import { FormatError } from "@graticule/core";

/** An open file and its size. */
export interface FileBytes {
  readonly path: string;
  readonly handle: FileHandle;
  readonly bytes: number;
}

/**
 * Reads a range of a file, or fails before it allocates.
 *
 * @throws {FormatError} if the range leaves the file.
 */
export async function readExactly(
  file: FileBytes,
  offset: number,
  length: number,
  what: string,
): Promise<DataView & { length: number }> {
  if (!(Number.isSafeInteger(offset) && offset >= 0 && offset + length <= file.bytes))
    throw new FormatError(
      file.path,
      `${what} of ${length} bytes at ${offset}`,
      `a file of ${file.bytes} bytes`,
      "The file is truncated or corrupt.",
    );
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.handle.read(bytes, 0, length, offset);
  if (bytesRead !== length)
    throw new FormatError(
      file.path,
      `${length} bytes at ${offset}`,
      `${bytesRead}`,
      "The file changed while it was read.",
    );
  return Object.assign(new DataView(bytes.buffer), { length });
}
