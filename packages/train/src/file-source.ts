import { readSync } from "node:fs";
import { open } from "node:fs/promises";
import { FormatError } from "@graticule/core";
import type { ByteSource } from "@graticule/nn";

/** A file that is open for reading by slices. */
export interface FileSource extends ByteSource {
  readSync(offset: number, length: number): Uint8Array;
  close(): Promise<void>;
}

/** Bytes asked for at once: one read of a file returns less than 2 GiB. */
const SLICE_BYTES = 256 * 1024 * 1024;

/**
 * Opens a file of any size; only the slices that are asked for are held in memory.
 *
 * @throws {FormatError} from `read` and `readSync`, if the file ends before the slice does.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await open(path, "r");
  const { size } = await file.stat();
  const advanced = (bytesRead: number, offset: number, length: number, done: number): number => {
    if (bytesRead > 0) return done + bytesRead;
    throw new FormatError(
      path,
      `${length} bytes from byte ${offset}`,
      `${done}`,
      "The file is shorter than its header says; copy it again.",
    );
  };
  return {
    path,
    bytes: size,
    async read(offset, length) {
      const slice = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(slice, done, Math.min(SLICE_BYTES, length - done), offset + done);
        done = advanced(bytesRead, offset, length, done);
      }
      return slice;
    },
    readSync(offset, length) {
      const slice = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const bytesRead = readSync(file.fd, slice, done, Math.min(SLICE_BYTES, length - done), offset + done);
        done = advanced(bytesRead, offset, length, done);
      }
      return slice;
    },
    close: () => file.close(),
  };
}
