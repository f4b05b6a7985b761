import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { beginWork, endRead } from "@graticule/data";
import { freshBytes } from "./fresh-bytes.js";

/**
 * Reads a local file of at most so many bytes whole and at once, in a worker thread, where waiting costs less than being
 * told when it is done. Gives undefined for any other file or address, for what can't be read too: who opens it as a
 * source will say why.
 */
export function readSmallFile(path: string, mostBytes: number): Uint8Array | undefined {
  if (isMainThread) return undefined;
  try {
    const file = openSync(path, "r");
    try {
      const stat = fstatSync(file);
      if (!stat.isFile() || stat.size > mostBytes) return undefined;
      const bytes = freshBytes(stat.size);
      const start = beginWork();
      const got = readSync(file, bytes);
      endRead(start, path, got);
      return got === stat.size ? bytes : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
