import { close, fstat, open, read, readSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { isMainThread } from "node:worker_threads";
import { FormatError, ShapeError } from "@graticule/core";
import type { Dataset, DatasetSpec, DirectReads, JsonValue, Sample } from "../dataset.js";
import { pickPlaces } from "../pick-places.js";
import { beginWork, endRead, endWork } from "../thread-work.js";
import { makeBlockCheck, type VerifyBlocks } from "./block-checks.js";
import { makeChannelCodec, type ShardDtype } from "./channel-codec.js";
import { readShardIndex, shardFile } from "./shard-index.js";
import { FOOTER_BYTES, parseFooter, parseTrailer, type ShardTrailer } from "./shard-trailer.js";

export interface PackedShardsOptions {
  readonly folder: string;
  /**
   * When channels of records are held against their checksums: `once` at the first read of each, which finds a damaged disk
   * or copy and costs nothing from the second epoch on; `always`; `never`. `once` if absent.
   */
  readonly verify?: VerifyBlocks;
}

/** Packed shards as a dataset of random access. */
export interface PackedShards extends Dataset {
  readonly dtype: ShardDtype;
  readonly shape: Sample["shape"];
  /** What the writer said about the records' origin. */
  readonly metadata: JsonValue;
  readonly direct: DirectReads;
  /** Reads some channels of a record, by place and in any order, and no other's bytes. Shape: `[channels.length, H, W]`. */
  readChannels(
    index: number,
    channels: readonly number[],
    pixels: Float32Array,
  ): Promise<Omit<Sample, "pixels" | "shape">>;
  selectChannels(places: readonly number[]): Dataset;
  close(): Promise<void>;
}

interface OpenShard {
  readonly path: string;
  readonly fd: number;
  readonly trailer: ShardTrailer;
}

/** Shards that are held open by one dataset; well below the usual limit of 1,024 files with a few workers. */
const MAX_OPEN_SHARDS = 64;

/** A worker thread has nothing else to do: waiting for a read costs it less than being told when it is done. */
const WAITS = !isMainThread;

const [openFile, closeFile, statFile, readFile] = [
  promisify(open),
  promisify(close),
  promisify(fstat),
  promisify(read),
];

/**
 * Opens a folder of packed shards. Reads go by position into the caller's memory, where narrower dtypes are widened in
 * place.
 *
 * @throws {FormatError} if the index is missing or broken. A read of a damaged channel rejects with one naming the
 *   file, the record, the channel and the checksum.
 */
export async function openPackedShards({ folder, verify = "once" }: PackedShardsOptions): Promise<PackedShards> {
  const { dtype, shape, schema, classNames, metadata, length, recordsPerShard, shards } = await readShardIndex(folder);
  const [numChannels, height, width] = shape;
  const plane = height * width;
  const codec = makeChannelCodec(dtype, plane);
  const recordBytes = numChannels * codec.bytes;
  const checkBlock = makeBlockCheck(verify, length * numChannels);
  // In order of last use.
  const opened = new Map<number, Promise<OpenShard>>();
  const busy = new Map<number, number>();

  async function openShard(shard: number): Promise<OpenShard> {
    const path = join(folder, shardFile(shard));
    const { records, trailerCrc32 } = shards[shard] as (typeof shards)[number];
    const fd = await openFile(path, "r").catch((cause: Error) => {
      throw new FormatError(path, "a shard of the index", "no readable file", "Copy or pack it again.", { cause });
    });
    try {
      const { size } = await statFile(fd);
      const least = records * recordBytes + FOOTER_BYTES;
      if (size < least) throw new FormatError(path, `${records} records in ${least} bytes`, `a file of ${size} bytes`);
      const footer = Buffer.alloc(FOOTER_BYTES);
      await readFully(fd, footer, size - FOOTER_BYTES, path);
      const place = parseFooter(path, footer, size);
      if (place.offset !== records * recordBytes || place.crc32 !== trailerCrc32)
        throw new FormatError(
          path,
          `${records} records and a trailer with CRC-32 ${trailerCrc32}, as the index says`,
          `${place.offset} bytes of records and CRC-32 ${place.crc32}`,
          "The shard belongs to other data, or is damaged.",
        );
      const trailer = Buffer.alloc(place.bytes);
      await readFully(fd, trailer, place.offset, path);
      return { path, fd, trailer: parseTrailer(path, trailer, place, { records, channels: numChannels }) };
    } catch (error) {
      await closeFile(fd);
      throw error;
    }
  }

  /** Runs `use` with the shard open. Shards in use are never closed, others when too many are open. */
  async function withShard<T>(shard: number, use: (open: OpenShard) => Promise<T>): Promise<T> {
    const known = opened.get(shard);
    const found = known ?? openShard(shard);
    if (known === undefined) found.catch(() => opened.delete(shard)); // The next read tries anew.
    opened.delete(shard);
    opened.set(shard, found);
    busy.set(shard, (busy.get(shard) ?? 0) + 1);
    try {
      return await use(await found);
    } finally {
      const left = (busy.get(shard) as number) - 1;
      if (left > 0) busy.set(shard, left);
      else busy.delete(shard);
      if (opened.size > MAX_OPEN_SHARDS) await closeUnused(MAX_OPEN_SHARDS);
    }
  }

  async function closeUnused(keep: number): Promise<void> {
    for (const [shard, open] of opened) {
      if (opened.size <= keep) return;
      if (busy.has(shard)) continue;
      opened.delete(shard);
      await closeFile((await open).fd);
    }
  }

  function readChannels(
    index: number,
    channels: readonly number[],
    pixels: Float32Array,
  ): Promise<Omit<Sample, "pixels" | "shape">> {
    if (!(Number.isInteger(index) && index >= 0 && index < length))
      throw new RangeError(`packed shards: expected an index from 0 to ${length - 1}, got ${index}.`);
    if (pixels.length !== channels.length * plane)
      throw new ShapeError("packed shards", `memory for ${channels.length} x ${plane} values`, `${pixels.length}`);
    const record = index % recordsPerShard;
    return withShard(Math.floor(index / recordsPerShard), async ({ path, fd, trailer }) => {
      const bytes = roomIn(pixels, channels.length * codec.bytes);
      for (const [from, to] of successiveRuns(channels)) {
        const position = record * recordBytes + (channels[from] as number) * codec.bytes;
        await readFully(fd, bytes.subarray(from * codec.bytes, to * codec.bytes), position, path);
      }
      const start = beginWork();
      for (const [at, channel] of channels.entries()) {
        const expected = trailer.crc32[record * numChannels + channel] as number;
        const block = bytes.subarray(at * codec.bytes, (at + 1) * codec.bytes);
        checkBlock(block, { place: index * numChannels + channel, path, record, channel, expected });
      }
      codec.decode(bytes, pixels);
      endWork(start, `decode record ${index}`);
      const label = trailer.labels[record] as number;
      return { id: trailer.ids[record] as string, ...(label >= 0 && { label }) };
    });
  }

  function selectChannels(places: readonly number[]): Dataset {
    const own = [places.length, height, width] as const;
    const readInto: DirectReads["readInto"] = (index, pixels) => readChannels(index, places, pixels);
    return {
      length,
      schema: pickPlaces(schema, places),
      ...(classNames && { classNames }),
      async read(index) {
        const pixels = new Float32Array(places.length * plane);
        return { ...(await readInto(index, pixels)), pixels, shape: own };
      },
      direct: { shape: own, readInto },
      close: () => closeUnused(0),
    };
  }

  const { read, direct } = selectChannels(schema.map((_, place) => place)) as Dataset & { direct: DirectReads };
  return {
    length,
    schema,
    ...(classNames && { classNames }),
    dtype,
    shape,
    metadata,
    read,
    direct,
    readChannels,
    selectChannels,
    close: () => closeUnused(0),
  };
}

/** How worker threads open the same folder. */
export function packedShardsSpec(options: PackedShardsOptions): DatasetSpec {
  return { module: import.meta.url, export: "openPackedShards", options: options as unknown as JsonValue };
}

/** Runs `[from, to)` of places in a list whose numbers follow each other. */
function* successiveRuns(numbers: readonly number[]): Generator<readonly [from: number, to: number]> {
  let from = 0;
  for (let to = 1; to <= numbers.length; to++) {
    if (to < numbers.length && numbers[to] === (numbers[to - 1] as number) + 1) continue;
    yield [from, to];
    from = to;
  }
}

/** The end of the pixels' own memory, from which values widen in place; other memory where blocks are larger. */
function roomIn({ buffer, byteOffset, byteLength }: Float32Array, bytes: number): Uint8Array {
  if (bytes > byteLength) return new Uint8Array(bytes);
  return new Uint8Array(buffer, byteOffset + byteLength - bytes, bytes);
}

async function readFully(fd: number, bytes: Uint8Array, position: number, path: string): Promise<void> {
  const start = beginWork();
  for (let done = 0; done < bytes.length; ) {
    const place = [bytes, done, bytes.length - done, position + done] as const;
    const bytesRead = WAITS ? readSync(fd, ...place) : (await readFile(fd, ...place)).bytesRead;
    if (bytesRead === 0)
      throw new FormatError(path, `${bytes.length} bytes from ${position}`, `${done}`, "The file was cut while open.");
    done += bytesRead;
  }
  endRead(start, path, bytes.length);
}
