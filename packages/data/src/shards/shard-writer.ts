import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError, MismatchError, ShapeError } from "@graticule/core";
import { assertChannelCount, type ChannelSchema } from "../channel-schema.js";
import type { JsonValue, Sample } from "../dataset.js";
import { makeChannelCodec, SHARD_DTYPES, type ShardDtype } from "./channel-codec.js";
import { crc32 } from "./crc32.js";
import { renameDurably, writeDurably } from "./durable-file.js";
import {
  INDEX_FILE,
  PLAN_FILE,
  readIndexFile,
  SHARD_VERSION,
  type ShardHeader,
  type ShardIndex,
  shardFile,
} from "./shard-index.js";
import { checksumBytes, encodeTrailer, FOOTER_BYTES, parseFooter, parseTrailer } from "./shard-trailer.js";

export interface ShardWriterOptions {
  readonly folder: string;
  readonly dtype: ShardDtype;
  /** Layout: `[C, H, W]`, the same for every record. */
  readonly shape: Sample["shape"];
  readonly schema: ChannelSchema;
  readonly classNames?: readonly string[];
  /** As many as 256 MiB hold if absent. An interrupted run loses what it wrote of one shard. */
  readonly recordsPerShard?: number;
  /** Where the records come from. A run that goes on must say the same. */
  readonly metadata?: JsonValue;
}

/** One record: the pixels of a sample, and where it stands in its source; positions ascend. */
export interface ShardRecord {
  readonly pixels: Float32Array;
  readonly id: string;
  readonly label?: number;
  readonly position: number;
}

/** Appends records one after the other; holds one of them in memory. */
export interface ShardWriter {
  /** True once `index.json` stands. */
  readonly complete: boolean;
  /** Position of the last record that is safe on disk; −1 before the first. Go on behind it. */
  readonly lastPosition: number;
  readonly length: number;
  append(record: ShardRecord): Promise<void>;
  /** Ends the last shard and writes the index. */
  finish(): Promise<void>;
  /** Leaves what is complete, to go on later. */
  close(): Promise<void>;
}

const SHARD_BYTES = 2 ** 28;

interface OpenShard {
  readonly file: FileHandle;
  readonly path: string;
  /** Of the channels, record after record. */
  readonly checksums: number[];
  readonly labels: number[];
  readonly ids: string[];
  lastPosition: number;
}

/**
 * Opens a folder to pack records into, or to go on where an interrupted run stopped. A shard is complete or absent,
 * and the index comes last, so that a crash at any moment costs one shard's work.
 *
 * @throws {MismatchError} if the folder was begun with other options.
 * @throws {FormatError} if a complete shard is damaged.
 */
export async function openShardWriter(options: ShardWriterOptions): Promise<ShardWriter> {
  const { folder } = options;
  const header = makeHeader(options);
  const [channels, height, width] = header.shape;
  const plane = height * width;
  const codec = makeChannelCodec(header.dtype, plane);
  const record = new Uint8Array(channels * codec.bytes);
  await mkdir(folder, { recursive: true });
  let complete = await matchesStored(folder, INDEX_FILE, header);
  if (!complete && !(await matchesStored(folder, PLAN_FILE, header)))
    await writeDurably(join(folder, PLAN_FILE), `${JSON.stringify(header)}\n`);
  for (const name of await readdir(folder))
    if (name.endsWith(".partial") && !complete) await rm(join(folder, name), { force: true });

  const shards: { records: number; trailerCrc32: number }[] = [];
  let lastPosition = -1;
  for (;;) {
    const found = await readCompleteShard(join(folder, shardFile(shards.length)), channels, codec.bytes);
    if (!found) break;
    shards.push({ records: found.records, trailerCrc32: found.trailerCrc32 });
    lastPosition = found.lastPosition;
  }
  let current: OpenShard | undefined;

  async function begin(): Promise<OpenShard> {
    const path = join(folder, shardFile(shards.length));
    const file = await open(`${path}.${process.pid}.partial`, "w");
    return { file, path, checksums: [], labels: [], ids: [], lastPosition };
  }

  async function append({ pixels, id, label = -1, position }: ShardRecord): Promise<void> {
    if (complete) throw new RangeError(`packed shards: expected a folder that is not complete, got '${folder}'.`);
    if (pixels.length !== channels * plane)
      throw new ShapeError("packed shards", `[${header.shape.join(", ")}] for '${id}'`, `${pixels.length} values`);
    const last = current?.lastPosition ?? lastPosition;
    if (position <= last) throw new RangeError(`packed shards: expected a position behind ${last}, got ${position}.`);
    current ??= await begin();
    const { file, checksums, labels, ids } = current;
    const own: number[] = [];
    for (let channel = 0; channel < channels; channel++) {
      const block = record.subarray(channel * codec.bytes, (channel + 1) * codec.bytes);
      codec.encode(pixels.subarray(channel * plane, (channel + 1) * plane), block, { channel, id });
      own.push(crc32(block));
    }
    await writeFully(file, record, ids.length * record.length);
    for (const checksum of own) checksums.push(checksum);
    labels.push(label);
    ids.push(id);
    current.lastPosition = position;
    if (ids.length === header.recordsPerShard) await endShard();
  }

  async function endShard(): Promise<void> {
    if (!current) return;
    const { file, path, checksums, labels, ids } = current;
    const { lastPosition: last } = current;
    const trailer = encodeTrailer({ crc32: Uint32Array.from(checksums), labels, ids, lastPosition: last });
    await writeFully(file, trailer, ids.length * record.length);
    await file.sync();
    await file.close();
    await renameDurably(`${path}.${process.pid}.partial`, path);
    lastPosition = last;
    shards.push({ records: ids.length, trailerCrc32: Buffer.from(trailer).readUInt32LE(trailer.length - 12) });
    current = undefined;
  }

  const countWritten = (): number => shards.reduce((sum, { records }) => sum + records, 0);

  async function finish(): Promise<void> {
    if (complete) return;
    await endShard();
    const index: ShardIndex = { ...header, length: countWritten(), shards };
    await writeDurably(join(folder, INDEX_FILE), `${JSON.stringify(index)}\n`);
    await rm(join(folder, PLAN_FILE), { force: true });
    complete = true;
  }

  async function close(): Promise<void> {
    if (!current) return;
    await current.file.close();
    await rm(`${current.path}.${process.pid}.partial`, { force: true });
    current = undefined;
  }

  return {
    get complete() {
      return complete;
    },
    get lastPosition() {
      return lastPosition;
    },
    get length() {
      return countWritten() + (current?.ids.length ?? 0);
    },
    append,
    finish,
    close,
  };
}

function makeHeader(options: ShardWriterOptions): ShardHeader {
  const { dtype, shape, schema, classNames, metadata = null } = options;
  if (!SHARD_DTYPES.includes(dtype))
    throw new ConfigError(`packed shards: expected dtype ${SHARD_DTYPES.join(", ")}, got '${dtype}'.`);
  assertChannelCount("packed shards", schema, shape[0]);
  const [channels, height, width] = shape;
  const recordBytes = channels * makeChannelCodec(dtype, height * width).bytes + checksumBytes(channels);
  const { recordsPerShard = Math.max(1, Math.floor(SHARD_BYTES / recordBytes)) } = options;
  if (!(Number.isInteger(recordsPerShard) && recordsPerShard > 0))
    throw new ConfigError(`packed shards: expected recordsPerShard of at least 1, got ${recordsPerShard}.`);
  return {
    format: "graticule-packed-shards",
    version: SHARD_VERSION,
    dtype,
    shape,
    recordsPerShard,
    schema,
    ...(classNames && { classNames }),
    metadata,
  };
}

/** Whether a folder has an index or plan; it must be for the same records then. */
async function matchesStored(folder: string, name: string, header: ShardHeader): Promise<boolean> {
  const stored = (await readIndexFile(folder, name)) as Record<string, unknown> | undefined;
  if (stored === undefined) return false;
  for (const [field, value] of Object.entries(header)) {
    const [before, now] = [JSON.stringify(stored[field]), JSON.stringify(value)];
    if (before !== now)
      throw new MismatchError(
        join(folder, name),
        `${field} ${excerpt(before)} as when the folder was begun`,
        excerpt(now),
        "Write to another folder, or remove this one.",
      );
  }
  return true;
}

const excerpt = (text: string | undefined): string =>
  text !== undefined && text.length > 120 ? `${text.slice(0, 120)}…` : String(text);

/** What a complete shard holds; undefined if there is none of that name. */
async function readCompleteShard(
  path: string,
  channels: number,
  blockBytes: number,
): Promise<{ records: number; trailerCrc32: number; lastPosition: number } | undefined> {
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const footer = Buffer.alloc(FOOTER_BYTES);
    const { bytesRead } = await file.read(footer, 0, FOOTER_BYTES, Math.max(0, size - FOOTER_BYTES));
    const place = parseFooter(path, footer.subarray(0, bytesRead), size);
    const recordBytes = channels * blockBytes;
    const records = place.offset / recordBytes;
    if (!Number.isInteger(records))
      throw new FormatError(path, `whole records of ${recordBytes} bytes`, `${place.offset} bytes of records`);
    const trailer = Buffer.alloc(place.bytes);
    await file.read(trailer, 0, place.bytes, place.offset);
    const { lastPosition } = parseTrailer(path, trailer, place, { records, channels });
    return { records, trailerCrc32: place.crc32, lastPosition };
  } finally {
    await file.close();
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await file.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
}
