import { FormatError } from "@graticule/core";
import { type FileBytes, readExactly, withFile } from "./file-bytes.js";

/** The tags of a TIFF that Graticule reads, by number. Source: TIFF 6.0; GeoTIFF 1.1; GDAL's GTiff driver. */
export const TAGS = {
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
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
  sampleFormat: 339,
  jpegTables: 347,
  modelPixelScale: 33550,
  modelTiepoint: 33922,
  modelTransformation: 34264,
  geoKeyDirectory: 34735,
  geoAsciiParams: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
} as const;

const WANTED = new Set<number>(Object.values(TAGS));

/** The first image directory of a TIFF: its tags' values, and the byte order of everything that follows. */
export interface TiffDirectory {
  readonly littleEndian: boolean;
  readonly fileBytes: number;
  /** The tag's numbers; empty if it is absent. */
  numbers(tag: number): readonly number[];
  /** The tag's text without its final NUL; undefined if it is absent. */
  text(tag: number): string | undefined;
}

type TagValue = readonly number[] | string;

const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const ASCII = 2;
const MAX_ENTRIES = 4096;

/**
 * Reads a TIFF's header and its first directories, classic or BigTIFF, of either byte order. Every offset and count is
 * checked against the file's size before anything is allocated.
 *
 * @param most directories after which to stop.
 *
 * @throws {FormatError} naming the file, if it is no TIFF, truncated, or its directories point outside of it or in a
 * circle.
 */
export function readTiffDirectories(path: string, most: number): Promise<TiffDirectory[]> {
  return withFile(path, async (file) => {
    const header = await readExactly(file, 0, Math.min(16, file.bytes), "a TIFF header");
    const order = header.length < 8 ? "" : String.fromCharCode(header.getUint8(0), header.getUint8(1));
    const littleEndian = order === "II";
    const magic = littleEndian || order === "MM" ? header.getUint16(2, littleEndian) : 0;
    const big = magic === 43 && header.length === 16 && header.getUint16(4, littleEndian) === 8;
    if (magic !== 42 && !big)
      throw new FormatError(
        path,
        "a TIFF file",
        file.bytes === 0 ? "an empty file" : "other bytes at its start",
        "Look at where the file came from.",
      );
    const directories: TiffDirectory[] = [];
    const seen = new Set<number>();
    let start = big ? Number(header.getBigUint64(8, littleEndian)) : header.getUint32(4, littleEndian);
    do {
      if (seen.has(start))
        throw new FormatError(file.path, "directories one after the other", "a circle", "The file is corrupt.");
      seen.add(start);
      const { values, next } = await readEntries(file, start, littleEndian, big);
      directories.push(makeDirectory(values, littleEndian, file.bytes));
      start = next;
    } while (start !== 0 && directories.length < most);
    return directories;
  });
}

function makeDirectory(values: ReadonlyMap<number, TagValue>, littleEndian: boolean, fileBytes: number): TiffDirectory {
  return {
    littleEndian,
    fileBytes,
    numbers: (tag) => {
      const value = values.get(tag);
      return typeof value === "object" ? value : [];
    },
    text: (tag) => {
      const value = values.get(tag);
      return typeof value === "string" ? value : undefined;
    },
  };
}

async function readEntries(
  file: FileBytes,
  start: number,
  littleEndian: boolean,
  big: boolean,
): Promise<{ values: Map<number, TagValue>; next: number }> {
  const wide = (view: DataView, at: number): number =>
    big ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
  const [countBytes, entryBytes, inlineBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const countView = await readExactly(file, start, countBytes, "an image directory");
  const count = big ? wide(countView, 0) : countView.getUint16(0, littleEndian);
  if (count === 0 || count > MAX_ENTRIES)
    throw new FormatError(file.path, `a directory of 1 to ${MAX_ENTRIES} tags`, `${count}`, "The file is corrupt.");
  const tableAt = start + countBytes;
  const tableBytes = count * entryBytes;
  // Some writers end the file without the address of a next directory.
  const hasNext = tableAt + tableBytes + inlineBytes <= file.bytes;
  const table = await readExactly(file, tableAt, tableBytes + (hasNext ? inlineBytes : 0), "an image directory");
  const values = new Map<number, TagValue>();
  for (let entry = 0; entry < count; entry++) {
    const at = entry * entryBytes;
    const tag = table.getUint16(at, littleEndian);
    if (!WANTED.has(tag)) continue;
    const type = table.getUint16(at + 2, littleEndian);
    const length = wide(table, at + 4);
    const bytes = (TYPE_BYTES[type] ?? 0) * length;
    if (bytes === 0)
      throw new FormatError(
        file.path,
        `tag ${tag} with a known type and a value`,
        `type ${type}, count ${length}`,
        "The file is corrupt.",
      );
    const valueAt = at + (big ? 12 : 8);
    const inline = bytes <= inlineBytes;
    const view = inline ? table : await readExactly(file, wide(table, valueAt), bytes, `the value of tag ${tag}`);
    values.set(tag, parseValue(view, inline ? valueAt : 0, type, length, littleEndian));
  }
  return { values, next: hasNext ? wide(table, tableBytes) : 0 };
}

function parseValue(view: DataView, at: number, type: number, count: number, littleEndian: boolean): TagValue {
  if (type === ASCII) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, count);
    return new TextDecoder().decode(bytes).replace(/\0[\s\S]*$/, "");
  }
  const size = TYPE_BYTES[type] as number;
  return Array.from({ length: count }, (_, index) => parseNumber(view, at + index * size, type, littleEndian));
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
