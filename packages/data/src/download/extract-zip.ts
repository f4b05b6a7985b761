import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { FormatError } from "@graticule/core";
import { type Entry, open, type ZipFile } from "yauzl";
import type { ExtractGuard } from "./extract-archive.js";

const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** Extracts a zip into an empty folder. @throws {FormatError} as `extractArchive` says. */
export async function extractZip(archive: string, folder: string, guard: ExtractGuard): Promise<void> {
  const unreadable = (cause: unknown): unknown =>
    cause instanceof FormatError
      ? cause
      : new FormatError(
          archive,
          "a readable zip archive",
          (cause as Error).message,
          "It is truncated, corrupt or hostile.",
          {
            cause,
          },
        );
  try {
    const zip = await openZip(archive);
    try {
      const seen = new Set<string>();
      for await (const entry of entriesOf(zip)) {
        const name = entry.fileName;
        const isFolder = name.endsWith("/");
        const mode = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
        const isPlain = mode === 0 || mode === (isFolder ? FOLDER : REGULAR);
        guard.check({ name, kind: isPlain ? (isFolder ? "folder" : "file") : "other", bytes: entry.uncompressedSize });
        if (seen.has(name)) throw new FormatError(archive, "each name once", `'${name}' twice`, "It is corrupt.");
        seen.add(name);
        if (isFolder) await mkdir(join(folder, name), { recursive: true });
        else await extractEntry(zip, entry, join(folder, name));
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    throw unreadable(error);
  }
}

function openZip(archive: string): Promise<ZipFile> {
  // Sizes are checked against the directory while a file is inflated, so that the guard's count holds.
  const options = { lazyEntries: true, autoClose: false, validateEntrySizes: true, strictFileNames: true };
  return new Promise((resolve, reject) =>
    open(archive, options, (error, zip) => (error ? reject(error) : resolve(zip))),
  );
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  for (let left = zip.entryCount; left > 0; left--)
    yield await new Promise<Entry>((resolve, reject) => {
      const stop = (error: Error): void => reject(error);
      zip.once("error", stop);
      zip.once("entry", (entry: Entry) => {
        zip.off("error", stop);
        resolve(entry);
      });
      zip.readEntry();
    });
}

async function extractEntry(zip: ZipFile, entry: Entry, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
    zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened))),
  );
  await pipeline(stream, checkSum(entry), createWriteStream(path, { flags: "wx" }));
}

/** Passes a file's bytes on and fails at their end if they don't add up to its CRC-32. Node has it from 20.15. */
function checkSum(entry: Entry): Transform {
  let sum = 0;
  return new Transform({
    transform(chunk: Uint8Array, _, done) {
      sum = zlib.crc32?.(chunk, sum) ?? entry.crc32;
      done(undefined, chunk);
    },
    flush(done) {
      done(sum === entry.crc32 ? undefined : new Error(`a wrong checksum in '${entry.fileName}'`));
    },
  });
}
