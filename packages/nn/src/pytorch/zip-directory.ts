import { FormatError } from "@graticule/core";
import type { ByteSource } from "../safetensors/read.js";
import { readRange } from "../safetensors/read-range.js";

/** A file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Where its local header begins. */
  readonly headerOffset: number;
  /** Length in the archive. */
  readonly bytes: number;
  /** Whether it is stored as it is, not compressed. */
  readonly isStored: boolean;
}

const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR_BYTES = 20;
const HEADER_BYTES = 46;
const LOCAL_BYTES = 30;
/** An archive's comment is at most this long, and stands behind its end record. */
const MAX_COMMENT_BYTES = 0xffff;

/**
 * Reads the table of contents at the end of a ZIP archive, with its 64-bit fields.
 *
 * Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3.
 *
 * @throws {FormatError} if it is no archive, or its parts lie outside of it.
 */
export async function readZipDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const { path } = source;
  const { offset, bytes, count } = await findDirectory(source);
  const directory = await readRange(source, path, offset, bytes);
  const view = new DataView(directory.buffer);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + HEADER_BYTES > bytes || view.getUint32(at, true) !== 0x02014b50)
      throw damaged(path, `entry ${index} of ${count} in the archive's directory`, `other bytes at ${offset + at}`);
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const next = at + HEADER_BYTES + nameBytes + extraBytes + view.getUint16(at + 32, true);
    if (next > bytes) throw damaged(path, `entry ${index} to end within the directory`, `byte ${offset + next}`);
    const name = new TextDecoder().decode(directory.subarray(at + HEADER_BYTES, at + HEADER_BYTES + nameBytes));
    const extra = new DataView(directory.buffer, at + HEADER_BYTES + nameBytes, extraBytes);
    const wide = readWideFields(
      extra,
      view.getUint32(at + 24, true),
      view.getUint32(at + 20, true),
      view.getUint32(at + 42, true),
    );
    const isStored = view.getUint16(at + 10, true) === 0;
    if (entries.has(name)) throw damaged(path, "distinct names", `'${name}' twice`);
    if (wide.headerOffset + LOCAL_BYTES + wide.bytes > source.bytes || (isStored && wide.bytes !== wide.plainBytes))
      throw damaged(path, `'${name}' to lie within ${source.bytes} bytes`, `${wide.bytes} at ${wide.headerOffset}`);
    entries.set(name, { name, headerOffset: wide.headerOffset, bytes: wide.bytes, isStored });
    at = next;
  }
  return entries;
}

/**
 * Where the bytes of a stored file begin.
 *
 * @throws {FormatError} if the file is compressed, or its header is not where the directory says.
 */
export async function findStoredBytes(source: ByteSource, entry: ZipEntry): Promise<number> {
  const where = `${source.path}, '${entry.name}'`;
  if (!entry.isStored)
    throw new FormatError(
      where,
      "a file that is stored as it is",
      "a compressed one",
      "torch.save stores them; save the checkpoint again.",
    );
  const header = await readRange(source, where, entry.headerOffset, LOCAL_BYTES);
  const view = new DataView(header.buffer);
  const start = entry.headerOffset + LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (view.getUint32(0, true) !== 0x04034b50 || start + entry.bytes > source.bytes)
    throw damaged(where, `a local header and ${entry.bytes} bytes behind it`, `other bytes at ${entry.headerOffset}`);
  return start;
}

async function findDirectory(source: ByteSource): Promise<{ offset: number; bytes: number; count: number }> {
  const { path } = source;
  const tailBytes = Math.min(source.bytes, END_BYTES + MAX_COMMENT_BYTES + LOCATOR_BYTES);
  const tailOffset = source.bytes - tailBytes;
  const tail = new DataView((await readRange(source, path, tailOffset, tailBytes)).buffer);
  let end = tailBytes - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw damaged(path, "the end record of a ZIP archive", "none");
  let count = tail.getUint16(end + 10, true);
  let bytes = tail.getUint32(end + 12, true);
  let offset = tail.getUint32(end + 16, true);
  const locator = end - LOCATOR_BYTES;
  if (locator >= 0 && tail.getUint32(locator, true) === 0x07064b50) {
    const record = Number(tail.getBigUint64(locator + 8, true));
    if (record + END64_BYTES > source.bytes) throw damaged(path, "a 64-bit end record in the file", `one at ${record}`);
    const wide = new DataView((await readRange(source, path, record, END64_BYTES)).buffer);
    if (wide.getUint32(0, true) !== 0x06064b50) throw damaged(path, `a 64-bit end record at ${record}`, "other bytes");
    count = Number(wide.getBigUint64(32, true));
    bytes = Number(wide.getBigUint64(40, true));
    offset = Number(wide.getBigUint64(48, true));
  }
  if (offset + bytes > tailOffset + end || count * HEADER_BYTES > bytes)
    throw damaged(path, "a directory before the end record", `${count} entries in ${bytes} bytes at ${offset}`);
  return { offset, bytes, count };
}

/** The 64-bit values of an extra field, in place of those that are all ones in the entry. */
function readWideFields(
  extra: DataView,
  plainBytes: number,
  bytes: number,
  headerOffset: number,
): { plainBytes: number; bytes: number; headerOffset: number } {
  let at = 0;
  while (at + 4 <= extra.byteLength) {
    const size = extra.getUint16(at + 2, true);
    const end = Math.min(at + 4 + size, extra.byteLength);
    if (extra.getUint16(at, true) === 1) {
      let next = at + 4;
      const widen = (value: number): number => {
        if (value !== 0xffffffff || next + 8 > end) return value;
        next += 8;
        return Number(extra.getBigUint64(next - 8, true));
      };
      // In this order, and only those that need it.
      return { plainBytes: widen(plainBytes), bytes: widen(bytes), headerOffset: widen(headerOffset) };
    }
    at += 4 + size;
  }
  return { plainBytes, bytes, headerOffset };
}

function damaged(where: string, expected: string, got: string): FormatError {
  return new FormatError(where, expected, got, "The file is truncated or changed; copy it again.");
}
