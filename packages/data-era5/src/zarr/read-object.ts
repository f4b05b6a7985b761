import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { open } from "node:fs/promises";
import { isMainThread } from "node:worker_threads";
import { FormatError } from "@graticule/core";

/** An open file, whose calls may wait or promise. */
interface ObjectFile {
  stat(): Stats | Promise<Stats>;
  read(target: Uint8Array): number | Promise<number>;
  close(): void | Promise<void>;
}

/**
 * Reads the whole file of an object into new memory, or that of `room`; undefined if there is none.
 *
 * @throws {FormatError} if it is larger than `maxBytes`.
 */
export async function readObject(
  path: string,
  maxBytes: number,
  room = (bytes: number): Uint8Array => new Uint8Array(bytes),
): Promise<Uint8Array | undefined> {
  // A worker thread has nothing else to do: four calls that wait cost it less than four that promise.
  const file = await (isMainThread ? openPromising(path) : openWaiting(path)).catch(orAbsent);
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return undefined;
    assertSize(path, stat.size, maxBytes);
    const bytes = room(stat.size);
    return bytes.subarray(0, await file.read(bytes));
  } finally {
    await file.close();
  }
}

async function openPromising(path: string): Promise<ObjectFile> {
  const handle = await open(path, "r");
  return {
    stat: () => handle.stat(),
    read: async (target) => (await handle.read(target, 0, target.length, 0)).bytesRead,
    close: () => handle.close(),
  };
}

async function openWaiting(path: string): Promise<ObjectFile> {
  const descriptor = openSync(path, "r");
  return {
    stat: () => fstatSync(descriptor),
    read: (target) => readSync(descriptor, target, 0, target.length, 0),
    close: () => closeSync(descriptor),
  };
}

/** Turns the error of what doesn't exist into undefined. */
export function orAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
  throw error;
}

/** @throws {FormatError} if an object is larger than what it may hold. */
export function assertSize(uri: string, bytes: number, maxBytes: number): void {
  if (bytes > maxBytes)
    throw new FormatError(uri, `an object of at most ${maxBytes} bytes`, `${bytes}`, "The store is corrupt.");
}
