import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isMainThread } from "node:worker_threads";
import { FormatError } from "@graticule/core";
import { beginWork, endRead } from "../thread-work.js";
import { assertByteRange, type ByteSource } from "./byte-source.js";

/** Handles that no read is using stay open, this many at most: sources needn't be closed, and can be many. */
const MAX_IDLE_HANDLES = 64;

/** A read of this many bytes more costs less than another call. */
const GAP_BYTES = 2 ** 12;

/** A worker thread has nothing else to do: waiting for a read costs it less than being told when it is done. */
const WAITS = !isMainThread;

interface Slot {
  handle: Promise<FileHandle> | undefined;
  users: number;
}

/** Slots with an open handle and no reader, the longest unused first. */
const idle = new Set<Slot>();

/**
 * Opens a file for reading by ranges. Its handle is closed when many others were used since, and opened again for
 * the next read.
 *
 * @throws {FormatError} if the path is no readable file; a read rejects with one if the file has changed.
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const slot: Slot = { handle: undefined, users: 0 };
  let first: { readonly size: number; readonly mtimeMs: number; readonly ino: number } | undefined;

  async function openHandle(): Promise<FileHandle> {
    const handle = await open(path, "r").catch((cause) => {
      throw unreadable(path, errorCode(cause), cause);
    });
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw unreadable(path, "a folder or device");
      first ??= stat;
      if (stat.size !== first.size || stat.mtimeMs !== first.mtimeMs || stat.ino !== first.ino)
        throw changed(path, `a file of ${first.size} bytes as when it was opened`, `another of ${stat.size}`);
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async function withHandle<Result>(use: (handle: FileHandle) => Promise<Result>): Promise<Result> {
    slot.users += 1;
    idle.delete(slot);
    try {
      slot.handle ??= openHandle();
      return await use(await slot.handle);
    } catch (error) {
      await closeSlot(slot);
      throw error instanceof FormatError ? error : unreadable(path, errorCode(error), error);
    } finally {
      slot.users -= 1;
      if (slot.users === 0 && slot.handle !== undefined) await park(slot);
    }
  }

  await withHandle(async () => {});
  const { size } = first as unknown as { size: number };
  return {
    uri: path,
    size,
    gapBytes: GAP_BYTES,
    async read(offset, length, what, into) {
      assertByteRange({ uri: path, size }, offset, length, what);
      const bytes = into ?? new Uint8Array(length);
      await withHandle(async (handle) => {
        const start = beginWork();
        for (let at = 0; at < length; ) {
          const bytesRead = WAITS
            ? readSync(handle.fd, bytes, at, length - at, offset + at)
            : (await handle.read(bytes, at, length - at, offset + at)).bytesRead;
          if (bytesRead === 0) throw changed(path, `${length} bytes at ${offset}`, `${at}`);
          at += bytesRead;
        }
        endRead(start, path, length);
      });
      return bytes;
    },
    close: () => closeSlot(slot),
  };
}

async function park(slot: Slot): Promise<void> {
  idle.add(slot);
  for (const longest of idle) {
    if (idle.size <= MAX_IDLE_HANDLES) break;
    await closeSlot(longest);
  }
}

async function closeSlot(slot: Slot): Promise<void> {
  const { handle } = slot;
  slot.handle = undefined;
  idle.delete(slot);
  await handle?.then(
    (open) => open.close(),
    () => {}, // The read that opened it has told.
  );
}

const errorCode = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "an error";

function unreadable(path: string, got: string, cause?: unknown): FormatError {
  return new FormatError(path, "a readable file", got, "Check the path and its permissions.", { cause });
}

function changed(path: string, expected: string, got: string): FormatError {
  return new FormatError(path, expected, got, "The file changed while it was read.");
}
