import { open } from "node:fs/promises";
import { FormatError } from "@graticule/core";
import type { ByteSource } from "@graticule/nn";

/** A file that is open for reading by slices. */
export interface FileSource extends ByteSource {
  close(): Promise<void>;
}

/**
 * Opens a file of any size; only the slices that are asked for are held in memory.
 *
 * @throws {FormatError} from `read`, if the file ends before the slice does.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await open(path, "r");
  const { size } = await file.stat();
  return {
    path,
    bytes: size,
    async read(offset, length) {
      const slice = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(slice, done, length - done, offset + done);
        if (bytesRead === 0)
          throw new FormatError(
            path,
            `${length} bytes from byte ${offset}`,
            `${done}`,
            "The file is shorter than its header says; copy it again.",
          );
        done += bytesRead;
      }
      return slice;
    },
    close: () => file.close(),
  };
}
