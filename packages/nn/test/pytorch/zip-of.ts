import type { ByteSource } from "../../src/index.js";

/** A file of an archive: its bytes, or so many zeros that are never in memory. */
export type ZipFile = Uint8Array | number;

/**
 * An archive of stored files behind a byte source, with 64-bit fields throughout where `wide`; checksums are left 0.
 * `asked` lists the length of each read.
 */
export function zipOf(files: Readonly<Record<string, ZipFile>>, wide = false): ByteSource & { asked: number[] } {
  const pieces: { offset: number; bytes: Uint8Array }[] = [];
  let end = 0;
  const put = (file: ZipFile): void => {
    if (typeof file !== "number") pieces.push({ offset: end, bytes: file });
    end += typeof file === "number" ? file : file.byteLength;
  };
  const directory: Uint8Array[] = [];
  for (const [name, file] of Object.entries(files)) {
    const bytes = typeof file === "number" ? file : file.byteLength;
    const offset = end;
    put(record([0x04034b50, 4], [0, 22], [name.length, 2], [0, 2]));
    put(new TextEncoder().encode(name));
    put(file);
    const size: Field = [wide ? 0xffffffff : bytes, 4];
    const start: Field = [wide ? 0xffffffff : offset, 4];
    directory.push(
      record([0x02014b50, 4], [0, 16], size, size, [name.length, 2], [wide ? 28 : 0, 2], [0, 10], start),
      new TextEncoder().encode(name),
      wide ? record([1, 2], [24, 2], [bytes, 8], [bytes, 8], [offset, 8]) : new Uint8Array(0),
    );
  }
  const [count, start] = [Object.keys(files).length, end];
  for (const piece of directory) put(piece);
  const length = end - start;
  if (wide) {
    const record64 = end;
    put(record([0x06064b50, 4], [44, 8], [0, 12], [count, 8], [count, 8], [length, 8], [start, 8]));
    put(record([0x07064b50, 4], [0, 4], [record64, 8], [1, 4]));
  }
  put(
    wide
      ? record([0x06054b50, 4], [0, 4], [0xffff, 2], [0xffff, 2], [0xffffffff, 4], [0xffffffff, 4], [0, 2])
      : record([0x06054b50, 4], [0, 4], [count, 2], [count, 2], [length, 4], [start, 4], [0, 2]),
  );
  const asked: number[] = [];
  return {
    path: "archive.pth",
    bytes: end,
    asked,
    async read(offset, length) {
      asked.push(length);
      const slice = new Uint8Array(length);
      for (const piece of pieces) {
        const from = Math.max(offset, piece.offset);
        const to = Math.min(offset + length, piece.offset + piece.bytes.byteLength);
        if (from < to) slice.set(piece.bytes.subarray(from - piece.offset, to - piece.offset), from - offset);
      }
      return slice;
    },
  };
}

type Field = readonly [value: number, bytes: number];

function record(...fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [value, count] of fields)
    for (let index = 0; index < count; index++) bytes.push(Math.floor(value / 256 ** index) % 256);
  return Uint8Array.from(bytes);
}
