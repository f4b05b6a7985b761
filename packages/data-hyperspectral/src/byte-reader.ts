import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { FormatError } from "@graticule/core";
import { beginWork, endRead } from "@graticule/data";

/** A file that is open for short synchronous reads. */
export interface ByteReader {
  readonly path: string;
  /** Units: bytes. */
  readonly size: number;
  /**
   * Reads a range into memory of its own, at an offset that any number type's size divides.
   *
   * @throws {FormatError} before memory is taken, if the range leaves the file.
   */
  read(position: number, length: number, what: string): Buffer;
  /** Fills a buffer from a position. @throws {FormatError} if the file ends before. */
  fill(buffer: Buffer, position: number, what: string): void;
}

/**
 * Opens a file, hands it to `use`, and closes it whatever happens.
 *
 * @throws {FormatError} if the path is no readable file.
 */
export function withByteReader<Result>(path: string, use: (file: ByteReader) => Result): Result {
  const unreadable = (got: string, cause?: unknown): FormatError =>
    new FormatError(path, "a readable file", got, "Check the path and its permissions.", { cause });
  let handle: number;
  try {
    handle = openSync(path, "r");
  } catch (cause) {
    throw unreadable((cause as NodeJS.ErrnoException).code ?? "an error", cause);
  }
  const close = (): void => closeSync(handle);
  let closesLater = false;
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw unreadable("a folder or device");
    const result = use(makeByteReader(path, handle, stat.size));
    if (result instanceof Promise) {
      closesLater = true;
      return result.finally(close) as Result;
    }
    return result;
  } finally {
    if (!closesLater) close();
  }
}

function makeByteReader(path: string, handle: number, size: number): ByteReader {
  function fill(buffer: Buffer, position: number, what: string): void {
    const start = beginWork();
    let done = 0;
    while (done < buffer.length) {
      const got = readSync(handle, buffer, done, buffer.length - done, position + done);
      if (got === 0) throw cut(path, what, buffer.length, position, size);
      done += got;
    }
    endRead(start, path, done);
  }
  function read(position: number, length: number, what: string): Buffer {
    if (!(position >= 0 && position + length <= size)) throw cut(path, what, length, position, size);
    const bytes = Buffer.allocUnsafeSlow(length);
    fill(bytes, position, what);
    return bytes;
  }
  return { path, size, read, fill };
}

function cut(path: string, what: string, length: number, position: number, size: number): FormatError {
  return new FormatError(
    path,
    `${what} of ${length} bytes at ${position}`,
    `a file of ${size} bytes`,
    "The file is truncated or corrupt.",
  );
}
