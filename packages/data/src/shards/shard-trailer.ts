import { FormatError } from "@graticule/core";
import { crc32 } from "./crc32.js";

/** What a shard says about its records, in their order. Stands behind them, so that a shard is written in one pass. */
export interface ShardTrailer {
  /** CRC-32 of each channel's block of each record: channel c of record r at r · C + c. */
  readonly crc32: Uint32Array;
  /** −1 where a record has none. */
  readonly labels: readonly number[];
  readonly ids: readonly string[];
  /** Where the last record stood in its source. */
  readonly lastPosition: number;
}

/** Layout: records, their checksums as uint32, the rest of the trailer as JSON; the bytes and CRC-32 of both as uint32; this. */
const MAGIC = "GRSHARD2";
export const FOOTER_BYTES = 16;
/** Guards against hostile footers; a shard of 256 MiB has less. */
const MAX_TRAILER_BYTES = 2 ** 28;

/** Bytes of a record's checksums. */
export const checksumBytes = (channels: number): number => 4 * channels;

/** The bytes that end a shard. */
export function encodeTrailer({ crc32: checksums, ...rest }: ShardTrailer): Uint8Array {
  const table = Buffer.from(checksums.buffer, checksums.byteOffset, checksums.byteLength);
  const trailer = Buffer.concat([table, Buffer.from(JSON.stringify(rest))]);
  const end = Buffer.alloc(FOOTER_BYTES);
  end.writeUInt32LE(trailer.length, 0);
  end.writeUInt32LE(crc32(trailer), 4);
  end.write(MAGIC, 8, "latin1");
  return Buffer.concat([trailer, end]);
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
 * @throws {FormatError} if its bytes have changed or don't fit `records` records of so many channels.
 */
export function parseTrailer(
  path: string,
  bytes: Uint8Array,
  place: TrailerPlace,
  { records, channels }: { readonly records: number; readonly channels: number },
): ShardTrailer {
  const found = crc32(bytes);
  if (found !== place.crc32)
    throw new FormatError(
      path,
      `a trailer with CRC-32 ${place.crc32}`,
      `${found}`,
      "The file is damaged: pack it again.",
    );
  const tableBytes = records * checksumBytes(channels);
  if (bytes.length < tableBytes)
    throw new FormatError(path, `checksums of ${records} records in ${tableBytes} bytes`, `${bytes.length}`);
  const rest = parseJson(path, bytes.subarray(tableBytes)) as Omit<ShardTrailer, "crc32"> | null;
  const lists = [rest?.labels, rest?.ids].map((list) => (Array.isArray(list) ? list.length : -1));
  if (rest === null || lists.some((length) => length !== records) || !Number.isInteger(rest.lastPosition))
    throw new FormatError(path, `labels and ids of ${records} records in the trailer`, `${lists.join(", ")}`);
  // Copied to where numbers of four bytes may lie.
  return { ...rest, crc32: new Uint32Array(new Uint8Array(bytes.subarray(0, tableBytes)).buffer) };
}

function parseJson(path: string, json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(json));
  } catch (cause) {
    throw new FormatError(path, "a trailer of JSON", "other text", undefined, { cause });
  }
}
