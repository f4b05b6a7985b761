import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** What was written: enough to notice later that the file is not what it was. */
export interface FileDigest {
  readonly bytes: number;
  /** Hexadecimal SHA-256 of the whole file. */
  readonly sha256: string;
}

/** Makes a folder's entries (new files, renames) survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
}

/** Writes a new file from slices, one in memory at a time, and syncs it to the disk. */
export async function writeDurably(
  path: string,
  slices: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "w");
  try {
    for await (const slice of slices) {
      await writeAll(file, slice);
      hash.update(slice);
      bytes += slice.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Reads a file through once for its digest, a slice at a time. */
export async function digestFile(path: string): Promise<FileDigest> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "r");
  try {
    for await (const slice of file.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      hash.update(slice as Buffer);
      bytes += (slice as Buffer).length;
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}
