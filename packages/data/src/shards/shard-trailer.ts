import { FormatError } from "@graticule/core";
import { crc32 } from "./crc32.js";

/** What a shard says about its records, in their order. Stands behind them, so that a shard is written in one pass. */
export interface ShardTrailer {
  /** CRC-32 of each record's bytes. */
  readonly crc32: readonly number[];
  /** −1 where a record has none. */
  readonly labels: readonly number[];
  readonly ids: readonly string[];
  /** Where the last record stood in its source. */
  readonly lastPosition: number;
}

/** Layout: records, trailer as JSON, then the trailer's bytes and CRC-32 as uint32, then this. */
const MAGIC = "GRSHARD1";
export const FOOTER_BYTES = 16;
/** Guards against hostile footers; labels, ids and checksums of a shard take far less. */
const MAX_TRAILER_BYTES = 2 ** 26;

/** The bytes that end a shard. */
export function encodeTrailer(trailer: ShardTrailer): Uint8Array {
  const json = Buffer.from(JSON.stringify(trailer));
  const end = Buffer.alloc(FOOTER_BYTES);
  end.writeUInt32LE(json.length, 0);
  end.writeUInt32LE(crc32(json), 4);
  end.write(MAGIC, 8, "latin1");
  return Buffer.concat([json, end]);
}

/** Where the trailer of a shard lies, and its CRC-32. */
export interface TrailerPlace {
  readonly offset: number;
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * Finds a shard's trailer from its last bytes.
 *
 * @throws {FormatError} if they are not those of a complete shard.
 */
export function parseFooter(path: string, footer: Buffer, fileBytes: number): TrailerPlace {
  const magic = footer.toString("latin1", 8);
  if (footer.length !== FOOTER_BYTES || magic !== MAGIC)
    throw new FormatError(path, `a shard that ends in ${MAGIC}`, JSON.stringify(magic), "The file is cut or no shard.");
  const bytes = footer.readUInt32LE(0);
  const offset = fileBytes - FOOTER_BYTES - bytes;
  if (offset < 0 || bytes > MAX_TRAILER_BYTES)
    throw new FormatError(path, `a trailer within the file's ${fileBytes} bytes`, `one of ${bytes}`);
  return { offset, bytes, crc32: footer.readUInt32LE(4) };
}

/**
 * Reads a trailer.
 *
 * @throws {FormatError} if its bytes have changed or don't fit `records` records.
 */
export function parseTrailer(path: string, json: Buffer, place: TrailerPlace, records: number): ShardTrailer {
  const found = crc32(json);
  if (found !== place.crc32)
    throw new FormatError(
      path,
      `a trailer with CRC-32 ${place.crc32}`,
      `${found}`,
      "The file is damaged: pack it again.",
    );
  const trailer = parseJson(path, json) as ShardTrailer | null;
  const lists = [trailer?.crc32, trailer?.labels, trailer?.ids].map((list) => (Array.isArray(list) ? list.length : -1));
  if (lists.some((length) => length !== records) || !Number.isInteger(trailer?.lastPosition))
    throw new FormatError(path, `crc32, labels and ids of ${records} records in the trailer`, `${lists.join(", ")}`);
  return trailer as ShardTrailer;
}

function parseJson(path: string, json: Buffer): unknown {
  try {
    return JSON.parse(json.toString("utf8"));
  } catch (cause) {
    throw new FormatError(path, "a trailer of JSON", "other text", undefined, { cause });
  }
}
