import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { FormatError } from "@graticule/core";
import type { ByteSource } from "../sources/byte-source.js";
import type { HttpOptions } from "../sources/http-request.js";
import { openHttpSource } from "../sources/http-source.js";
import { type Checksum, verifyChecksum } from "./checksum.js";

export interface DownloadOptions extends HttpOptions {
  /** What the file must hash to. Only a download with a checksum goes on where an earlier one stopped. */
  readonly checksum?: Checksum;
  /** Largest file to fetch. Units: bytes. Without limit if absent. */
  readonly maxBytes?: number;
  /** Called as bytes arrive. */
  readonly onProgress?: (bytes: number, totalBytes: number) => void;
}

const PART_BYTES = 2 ** 22;
const PARTS_AHEAD = 4;

/**
 * Fetches a file over HTTP by ranges, with retries, into `path`. A stopped download leaves `path.part`, and the next
 * call goes on from there; `path` itself is whole or absent. Does nothing if `path` is there already.
 *
 * @throws {FormatError} if the file's checksum differs or it exceeds `maxBytes`; nothing is left then.
 * @throws {HttpError} if the server refuses, or fails after retries.
 */
export async function downloadFile(url: string, path: string, options: DownloadOptions = {}): Promise<void> {
  const { checksum, maxBytes = Infinity } = options;
  if (await fileBytes(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  const source = await openHttpSource(url, options);
  try {
    if (source.size > maxBytes)
      throw new FormatError(
        source.uri,
        `a file of at most ${maxBytes} bytes`,
        `${source.size}`,
        "Check the address, or raise maxBytes.",
      );
    const kept = checksum === undefined ? 0 : await fileBytes(part);
    const resumed = kept > 0 && kept <= source.size;
    await fetchFrom(source, part, resumed ? kept : 0, options);
    if (checksum !== undefined)
      try {
        await verifyChecksum(part, checksum);
      } catch (error) {
        await rm(part);
        if (!resumed) throw nameSource(error, source.uri, path);
        // The part on disk may be another version's: once more from the start.
        await fetchFrom(source, part, 0, options);
        await verifyChecksum(part, checksum).catch(async (again) => {
          await rm(part);
          throw nameSource(again, source.uri, path);
        });
      }
    await rename(part, path);
  } finally {
    await source.close();
  }
}

async function fetchFrom(source: ByteSource, part: string, start: number, options: DownloadOptions): Promise<void> {
  const file: FileHandle = await open(part, start > 0 ? "r+" : "w");
  try {
    const ahead: Promise<Uint8Array>[] = [];
    let next = start;
    let at = start;
    while (at < source.size) {
      while (next < source.size && ahead.length < PARTS_AHEAD) {
        const length = Math.min(PART_BYTES, source.size - next);
        const bytes = source.read(next, length, "the file");
        bytes.catch(() => {}); // Its turn may never come if one before it fails.
        ahead.push(bytes);
        next += length;
      }
      const bytes = (await ahead.shift()) as Uint8Array;
      for (let done = 0; done < bytes.length; )
        done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      at += bytes.length;
      options.onProgress?.(at, source.size);
    }
    await file.truncate(source.size);
    await file.sync();
  } finally {
    await file.close();
  }
}

function nameSource(error: unknown, uri: string, path: string): unknown {
  if (!(error instanceof FormatError)) return error;
  const [, expected = "", got = ""] = /: expected (.*), got ([0-9a-f]+)/.exec(error.message) ?? [];
  return new FormatError(
    uri,
    expected,
    got,
    `Either it was damaged on its way or the server has another file: try again, or fetch '${path}' by hand.`,
    { cause: error },
  );
}

/** Size of a file; 0 if there is none. */
async function fileBytes(path: string): Promise<number> {
  return stat(path).then(
    (found) => (found.isFile() ? found.size : 0),
    () => 0,
  );
}
