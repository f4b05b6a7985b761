import { FormatError } from "@graticule/core";
import type { ByteSource } from "@graticule/data";
import { type MetadataReader, makeMetadataReader } from "./metadata-reader.js";

/** The tags of a TIFF that Graticule reads, by number. Source: TIFF 6.0; GeoTIFF 1.1; GDAL's GTiff driver. */
export const TAGS = {
  subfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  imageDescription: 270,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  modelPixelScale: 33550,
  modelTiepoint: 33922,
  modelTransformation: 34264,
  geoKeyDirectory: 34735,
  geoDoubleParams: 34736,
  geoAsciiParams: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
  lercParameters: 50674,
} as const;

const WANTED = new Set<number>(Object.values(TAGS));
/** As long as the image has blocks, so read only for the images whose pixels are wanted. */
const BLOCK_TAGS = new Set<number>([TAGS.stripOffsets, TAGS.stripByteCounts, TAGS.tileOffsets, TAGS.tileByteCounts]);

/** An image directory of a TIFF: its tags' values, and the byte order of everything that it points to. */
export interface TiffDirectory {
  readonly littleEndian: boolean;
  readonly fileBytes: number;
  /** True if the file has the tag. */
  has(tag: number): boolean;
  /** The tag's numbers; empty if it is absent, or one of the blocks' and `loadBlocks` wasn't called. */
  numbers(tag: number): Float64Array;
  /** The tag's text without its final NUL; undefined if it is absent. */
  text(tag: number): string | undefined;
  /** Reads where the image's blocks lie. */
  loadBlocks(): Promise<void>;
}

/** Where a tag's value lies, and of what type it is. */
interface Entry {
  readonly type: number;
  readonly count: number;
  readonly offset: number;
  readonly bytes: number;
}

const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const ASCII = 2;
const MAX_ENTRIES = 4096;
const MAX_DIRECTORIES = 65_536;
const NOTHING = new Float64Array(0);

/**
 * Reads a TIFF's header and directories, classic or BigTIFF, of either byte order. Every offset and count is checked
 * against the source's size before anything is allocated.
 *
 * @throws {FormatError} naming the file, if it is no TIFF, truncated, has no directory, or one that points outside of it or
 * in a circle.
 */
export async function readTiffDirectories(source: ByteSource): Promise<readonly TiffDirectory[]> {
  const read = makeMetadataReader(source);
  const headerBytes = Math.min(16, source.size);
  const header = await read(0, headerBytes, "a TIFF header");
  const order = headerBytes < 8 ? "" : String.fromCharCode(header.getUint8(0), header.getUint8(1));
  const littleEndian = order === "II";
  const magic = littleEndian || order === "MM" ? header.getUint16(2, littleEndian) : 0;
  const big = magic === 43 && headerBytes === 16 && header.getUint16(4, littleEndian) === 8;
  if (magic !== 42 && !big)
    throw new FormatError(
      source.uri,
      "a TIFF file",
      source.size === 0 ? "an empty file" : "other bytes at its start",
      "Look at where the file came from.",
    );
  const form = { source, read, littleEndian, big };
  const directories: TiffDirectory[] = [];
  const seen = new Set<number>();
  for (let at = readWide(form, header, big ? 8 : 4); at !== 0; ) {
    if (seen.has(at) || seen.size >= MAX_DIRECTORIES)
      throw new FormatError(
        source.uri,
        `at most ${MAX_DIRECTORIES} images, each once`,
        `the one at ${at} again`,
        "The file is corrupt.",
      );
    seen.add(at);
    const { directory, next } = await readDirectory(form, at);
    directories.push(directory);
    at = next;
  }
  if (directories.length === 0)
    throw new FormatError(source.uri, "a TIFF with an image", "one without", "The file is truncated or corrupt.");
  return directories;
}

/** How a TIFF's structures are read. */
interface TiffForm {
  readonly source: ByteSource;
  readonly read: MetadataReader;
  readonly littleEndian: boolean;
  readonly big: boolean;
}

const readWide = ({ big, littleEndian }: TiffForm, view: DataView, at: number): number =>
  big ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);

async function readDirectory(form: TiffForm, start: number): Promise<{ directory: TiffDirectory; next: number }> {
  const { source, read, littleEndian, big } = form;
  const [countBytes, entryBytes, inlineBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const countView = await read(start, countBytes, "an image directory");
  const count = big ? readWide(form, countView, 0) : countView.getUint16(0, littleEndian);
  if (count === 0 || count > MAX_ENTRIES)
    throw new FormatError(source.uri, `a directory of 1 to ${MAX_ENTRIES} tags`, `${count}`, "The file is corrupt.");
  const tableAt = start + countBytes;
  const tableBytes = count * entryBytes;
  // Some writers end the file without the address of a next directory.
  const hasNext = tableAt + tableBytes + inlineBytes <= source.size;
  const table = await read(tableAt, tableBytes + (hasNext ? inlineBytes : 0), "an image directory");
  const entries = new Map<number, Entry>();
  for (let at = 0; at < tableBytes; at += entryBytes) {
    const tag = table.getUint16(at, littleEndian);
    if (!WANTED.has(tag)) continue;
    const type = table.getUint16(at + 2, littleEndian);
    const length = readWide(form, table, at + 4);
    const bytes = (TYPE_BYTES[type] ?? 0) * length;
    if (bytes === 0)
      throw new FormatError(
        source.uri,
        `tag ${tag} with a known type and a value`,
        `type ${type}, count ${length}`,
        "The file is corrupt.",
      );
    const valueAt = at + (big ? 12 : 8);
    const offset = bytes <= inlineBytes ? tableAt + valueAt : readWide(form, table, valueAt);
    entries.set(tag, { type, count: length, offset, bytes });
  }
  const values = new Map<number, Float64Array | string>();
  async function load(wanted: (tag: number) => boolean): Promise<void> {
    for (const [tag, entry] of entries) {
      if (!wanted(tag) || values.has(tag)) continue;
      const view = await read(entry.offset, entry.bytes, `the value of tag ${tag}`);
      values.set(tag, parseValue(view, entry, littleEndian));
    }
  }
  await load((tag) => !BLOCK_TAGS.has(tag));
  const directory: TiffDirectory = {
    littleEndian,
    fileBytes: source.size,
    has: (tag) => entries.has(tag),
    numbers(tag) {
      const value = values.get(tag);
      return typeof value === "object" ? value : NOTHING;
    },
    text(tag) {
      const value = values.get(tag);
      return typeof value === "string" ? value : undefined;
    },
    loadBlocks: () => load((tag) => BLOCK_TAGS.has(tag)),
  };
  return { directory, next: hasNext ? readWide(form, table, tableBytes) : 0 };
}

function parseValue(view: DataView, { type, count }: Entry, littleEndian: boolean): Float64Array | string {
  if (type === ASCII) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, count);
    return new TextDecoder().decode(bytes).replace(/\0[\s\S]*$/, "");
  }
  const size = TYPE_BYTES[type] as number;
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) values[index] = parseNumber(view, index * size, type, littleEndian);
  return values;
}

function parseNumber(view: DataView, at: number, type: number, littleEndian: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, littleEndian);
    case 4:
    case 13:
      return view.getUint32(at, littleEndian);
    case 5:
      return view.getUint32(at, littleEndian) / view.getUint32(at + 4, littleEndian);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, littleEndian);
    case 9:
      return view.getInt32(at, littleEndian);
    case 10:
      return view.getInt32(at, littleEndian) / view.getInt32(at + 4, littleEndian);
    case 11:
      return view.getFloat32(at, littleEndian);
    case 12:
      return view.getFloat64(at, littleEndian);
    case 16:
    case 18:
      return Number(view.getBigUint64(at, littleEndian));
    case 17:
      return Number(view.getBigInt64(at, littleEndian));
    default:
      return view.getUint8(at);
  }
}
