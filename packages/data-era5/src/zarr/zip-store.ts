import { FormatError } from "@graticule/core";
import { type ByteSource, makeMemorySource } from "@graticule/data";
import { inflateBytes, makePagedSource } from "@graticule/data/arrays";
import { assertKey, type KeyStore } from "./key-store.js";
import { assertSize } from "./read-object.js";

interface ZipEntry {
  readonly method: number;
  readonly storedBytes: number;
  readonly bytes: number;
  readonly headerOffset: number;
}

const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const LARGEST_DIRECTORY_BYTES = 2 ** 28;
const LARGEST_INFLATED_BYTES = 2 ** 30;
const ROOT_KEYS = ["zarr.json", ".zmetadata", ".zgroup", ".zarray"];

/**
 * Opens a zip archive as a store, read by ranges. Its root is the folder nearest to the top that holds Zarr metadata.
 *
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64).
 *
 * @throws {FormatError} if the directory is broken, an entry is encrypted or leads out of the archive.
 */
export async function openZipStore(source: ByteSource): Promise<KeyStore> {
  const { uri } = source;
  const all = await readDirectory(source);
  const roots = [...all.keys()].flatMap((key) => {
    const root = ROOT_KEYS.find((name) => key === name || key.endsWith(`/${name}`));
    return root === undefined ? [] : [key.slice(0, key.length - root.length)];
  });
  const prefix = roots.sort((a, b) => a.length - b.length)[0] ?? "";
  const entries = new Map(
    [...all].flatMap(([key, entry]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), entry]] : [])),
  );
  const local = makePagedSource(source);

  /** Where an entry's bytes start: its own header may be longer than the directory says. */
  async function startOf({ headerOffset }: ZipEntry): Promise<number> {
    const header = viewOf(await local.read(headerOffset, 30, "a zip entry's header"));
    if (header.getUint32(0, true) !== 0x04034b50)
      throw new FormatError(uri, `a zip entry at ${headerOffset}`, "other bytes", "The file is corrupt.");
    return headerOffset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  }
  async function get(key: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    assertSize(`${uri}: '${key}'`, Math.max(entry.bytes, entry.method === 0 ? entry.storedBytes : 0), maxBytes);
    const stored = await source.read(await startOf(entry), entry.storedBytes, `zip entry '${key}'`);
    if (entry.method === 0) return stored;
    if (entry.method !== 8)
      throw new FormatError(
        `${uri}: '${key}'`,
        "a zip entry that is stored or deflated",
        `method ${entry.method}`,
        "Pack it with `zip -0`.",
      );
    return inflateBytes("raw", stored, entry.bytes).catch((cause) => {
      throw new FormatError(`${uri}: '${key}'`, "a readable zip entry", cause.message, "The file is corrupt.", {
        cause,
      });
    });
  }
  return {
    uri,
    get,
    async open(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      if (entry.method !== 0)
        return makeMemorySource(`${uri}: '${key}'`, (await get(key, LARGEST_INFLATED_BYTES)) as Uint8Array);
      const start = await startOf(entry);
      return {
        uri: `${uri}: '${key}'`,
        size: entry.bytes,
        gapBytes: source.gapBytes,
        read: (offset, length, what) => source.read(start + offset, length, what),
        close: async () => {},
      };
    },
    async list(folder) {
      const start = folder === "" ? "" : `${folder}/`;
      const names = new Set<string>();
      for (const key of entries.keys())
        if (key.startsWith(start)) names.add(key.slice(start.length).split("/")[0] as string);
      return [...names];
    },
    close: () => source.close(),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function readDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const { uri, size } = source;
  const broken = (expected: string, got: string): FormatError =>
    new FormatError(uri, expected, got, "The archive is truncated or corrupt.");
  const tailBytes = Math.min(size, END_BYTES + LONGEST_COMMENT);
  const tail = Buffer.from(await source.read(size - tailBytes, tailBytes, "the zip directory's end"));
  const end = tail.lastIndexOf("PK\x05\x06", undefined, "latin1");
  if (end < 0 || end + END_BYTES > tail.length) throw broken("a zip directory", "none at the file's end");
  let count = tail.readUInt16LE(end + 10);
  let length = tail.readUInt32LE(end + 12);
  let offset = tail.readUInt32LE(end + 16);
  if (end >= 20 && tail.toString("latin1", end - 20, end - 16) === "PK\x06\x07") {
    const at = Number(tail.readBigUInt64LE(end - 12));
    const wide = Buffer.from(await source.read(at, 56, "the zip64 directory's end"));
    count = Number(wide.readBigUInt64LE(32));
    length = Number(wide.readBigUInt64LE(40));
    offset = Number(wide.readBigUInt64LE(48));
  }
  if (length > LARGEST_DIRECTORY_BYTES)
    throw broken(`a zip directory of at most ${LARGEST_DIRECTORY_BYTES} bytes`, `${length}`);
  const directory = Buffer.from(await source.read(offset, length, "the zip directory"));
  const entries = new Map<string, ZipEntry>();
  for (let at = 0; entries.size < count && at + 46 <= directory.length; ) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw broken("an entry of the zip directory", "other bytes");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const extraAt = at + 46 + nameBytes;
    if (extraAt + extraBytes + commentBytes > directory.length) throw broken("a whole zip directory", "a cut one");
    const name = directory.toString("utf8", at + 46, extraAt).replaceAll("\\", "/");
    const fields = {
      bytes: directory.readUInt32LE(at + 24),
      storedBytes: directory.readUInt32LE(at + 20),
      headerOffset: directory.readUInt32LE(at + 42),
    };
    readWideFields(directory.subarray(extraAt, extraAt + extraBytes), fields);
    if (!name.endsWith("/")) {
      assertKey(uri, name);
      if (directory.readUInt16LE(at + 8) & 1) throw broken("entries without encryption", `'${name}' encrypted`);
      entries.set(name, { method: directory.readUInt16LE(at + 10), ...fields });
    } else count--;
    at = extraAt + extraBytes + commentBytes;
  }
  return entries;
}

/** Replaces fields that are too large for 32 bits by those of the zip64 extra field. */
function readWideFields(extra: Buffer, fields: { bytes: number; storedBytes: number; headerOffset: number }): void {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let value = at + 4;
    for (const name of ["bytes", "storedBytes", "headerOffset"] as const)
      if (fields[name] === 0xffffffff && value + 8 <= extra.length) {
        fields[name] = Number(extra.readBigUInt64LE(value));
        value += 8;
      }
  }
}
