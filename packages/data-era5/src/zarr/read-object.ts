import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { isMainThread } from "node:worker_threads";
import { FormatError } from "@graticule/core";
import { beginWork, endRead } from "@graticule/data";

/** An object that may be at most this large is read without asking for its size first. Units: bytes. */
const READ_AT_ONCE = 2 ** 20;

/**
 * Reads the whole file of an object into new memory, or into some that `room` yields; undefined if there is none.
 *
 * @throws {FormatError} if it is larger than `maxBytes`.
 */
export async function readObject(
  path: string,
  maxBytes: number,
  room?: (bytes: number) => Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    const start = beginWork();
    // A worker thread has nothing else to do: calls that wait cost it less than calls that promise.
    const bytes = isMainThread ? await readPromising(path, maxBytes, room) : readWaiting(path, maxBytes, room);
    endRead(start, path, bytes?.length ?? 0);
    return bytes;
  } catch (error) {
    return orAbsent(error as NodeJS.ErrnoException);
  }
}

async function readPromising(
  path: string,
  maxBytes: number,
  room: ((bytes: number) => Uint8Array) | undefined,
): Promise<Uint8Array | undefined> {
  const handle = await open(path, "r");
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return undefined;
    assertSize(path, stat.size, maxBytes);
    const bytes = room?.(stat.size) ?? new Uint8Array(stat.size);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function readWaiting(
  path: string,
  maxBytes: number,
  room: ((bytes: number) => Uint8Array) | undefined,
): Uint8Array | undefined {
  const descriptor = openSync(path, "r");
  try {
    // One byte more than it may have shows that it is too large.
    let bytes = maxBytes < READ_AT_ONCE ? room?.(maxBytes + 1) : undefined;
    if (bytes === undefined) {
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) return undefined;
      assertSize(path, stat.size, maxBytes);
      bytes = room?.(stat.size) ?? new Uint8Array(stat.size);
    }
    const bytesRead = readSync(descriptor, bytes, 0, bytes.length, 0);
    if (bytesRead > maxBytes) assertSize(path, fstatSync(descriptor).size, maxBytes);
    return bytes.subarray(0, bytesRead);
  } finally {
    closeSync(descriptor);
  }
}

/** Turns the error of what doesn't exist, or is a folder, into undefined. */
export function orAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "EISDIR") return undefined;
  throw error;
}

/** @throws {FormatError} if an object is larger than what it may hold. */
export function assertSize(uri: string, bytes: number, maxBytes: number): void {
  if (bytes > maxBytes)
    throw new FormatError(uri, `an object of at most ${maxBytes} bytes`, `${bytes}`, "The store is corrupt.");
}
