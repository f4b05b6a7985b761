import { type FileHandle, open } from "node:fs/promises";
import { FormatError } from "@graticule/core";

/** An open file and its size. */
export interface FileBytes {
  readonly path: string;
  readonly handle: FileHandle;
  readonly bytes: number;
}

/**
 * Opens a file, hands it to `use`, and closes it whatever happens.
 *
 * @throws {FormatError} if the path is no readable file.
 */
export async function withFile<Result>(path: string, use: (file: FileBytes) => Promise<Result>): Promise<Result> {
  const unreadable = (got: string, cause?: unknown): FormatError =>
    new FormatError(path, "a readable file", got, "Check the path and its permissions.", { cause });
  const handle = await open(path, "r").catch((cause) => {
    throw unreadable((cause as NodeJS.ErrnoException).code ?? "an error", cause);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unreadable("a folder or device");
    return await use({ path, handle, bytes: stat.size });
  } finally {
    await handle.close();
  }
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

/** The first line of a decoder's complaint; libraries append theirs in many. */
export function firstLine(error: unknown): string {
  return ((error as Error).message.split("\n")[0] as string).replace(/[:.\s]+$/, "");
}
