import { close, fstat, open, read, readSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { isMainThread } from "node:worker_threads";
import { FormatError } from "@graticule/core";
import type { Dataset, DatasetSpec, DirectReads, JsonValue, Sample } from "../dataset.js";
import { crc32 } from "./crc32.js";
import { makeRecordCodec, type ShardDtype } from "./record-codec.js";
import { readShardIndex, shardFile } from "./shard-index.js";
import { FOOTER_BYTES, parseFooter, parseTrailer, type ShardTrailer } from "./shard-trailer.js";

export interface PackedShardsOptions {
  readonly folder: string;
  /**
   * When records are held against their checksums: `once` at the first read of each, which finds a damaged disk or
   * copy and costs nothing from the second epoch on; `always`; `never`. `once` if absent.
   */
  readonly verify?: "once" | "always" | "never";
}

/** Packed shards as a dataset of random access. */
export interface PackedShards extends Dataset {
  readonly dtype: ShardDtype;
  readonly shape: Sample["shape"];
  /** What the writer said about the records' origin. */
  readonly metadata: JsonValue;
  readonly direct: DirectReads;
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
 * @throws {FormatError} if the index is missing or broken. A read of a damaged record rejects with one naming the file,
 *   the record and the checksum.
 */
export async function openPackedShards({ folder, verify = "once" }: PackedShardsOptions): Promise<PackedShards> {
  const { dtype, shape, schema, classNames, metadata, length, recordsPerShard, shards } = await readShardIndex(folder);
  const codec = makeRecordCodec(dtype, shape);
  const values = shape[0] * shape[1] * shape[2];
  const verified = new Uint8Array(verify === "once" ? length : 0);
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
      const least = records * codec.bytes + FOOTER_BYTES;
      if (size < least) throw new FormatError(path, `${records} records in ${least} bytes`, `a file of ${size} bytes`);
      const footer = Buffer.alloc(FOOTER_BYTES);
      await readFully(fd, footer, size - FOOTER_BYTES, path);
      const place = parseFooter(path, footer, size);
      if (place.offset !== records * codec.bytes || place.crc32 !== trailerCrc32)
        throw new FormatError(
          path,
          `${records} records and a trailer with CRC-32 ${trailerCrc32}, as the index says`,
          `${place.offset} bytes of records and CRC-32 ${place.crc32}`,
          "The shard belongs to other data, or is damaged.",
        );
      const json = Buffer.alloc(place.bytes);
      await readFully(fd, json, place.offset, path);
      return { path, fd, trailer: parseTrailer(path, json, place, records) };
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

  function readInto(index: number, pixels: Float32Array): Promise<Omit<Sample, "pixels" | "shape">> {
    if (!(Number.isInteger(index) && index >= 0 && index < length))
      throw new RangeError(`packed shards: expected an index from 0 to ${length - 1}, got ${index}.`);
    const record = index % recordsPerShard;
    return withShard(Math.floor(index / recordsPerShard), async ({ path, fd, trailer }) => {
      const bytes = roomIn(pixels, codec.bytes);
      await readFully(fd, bytes, record * codec.bytes, path);
      if (verify === "always" || (verify === "once" && verified[index] === 0)) {
        const found = crc32(bytes);
        if (found !== trailer.crc32[record])
          throw new FormatError(
            path,
            `record ${record} with CRC-32 ${trailer.crc32[record]}`,
            `${found}`,
            "The file is damaged: copy or pack it again.",
          );
        if (verify === "once") verified[index] = 1;
      }
      codec.decode(bytes, pixels);
      const label = trailer.labels[record] as number;
      return { id: trailer.ids[record] as string, ...(label >= 0 && { label }) };
    });
  }

  async function readSample(index: number): Promise<Sample> {
    const pixels = new Float32Array(values);
    return { ...(await readInto(index, pixels)), pixels, shape };
  }

  return {
    length,
    schema,
    ...(classNames && { classNames }),
    dtype,
    shape,
    metadata,
    read: readSample,
    direct: { shape, readInto },
    close: () => closeUnused(0),
  };
}

/** How worker threads open the same folder. */
export function packedShardsSpec(options: PackedShardsOptions): DatasetSpec {
  return { module: import.meta.url, export: "openPackedShards", options: options as unknown as JsonValue };
}

/** The end of the pixels' own memory, from which values widen in place; other memory where a record is larger. */
function roomIn({ buffer, byteOffset, byteLength }: Float32Array, bytes: number): Uint8Array {
  if (bytes > byteLength) return new Uint8Array(bytes);
  return new Uint8Array(buffer, byteOffset + byteLength - bytes, bytes);
}

async function readFully(fd: number, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const place = [bytes, done, bytes.length - done, position + done] as const;
    const bytesRead = WAITS ? readSync(fd, ...place) : (await readFile(fd, ...place)).bytesRead;
    if (bytesRead === 0)
      throw new FormatError(path, `${bytes.length} bytes from ${position}`, `${done}`, "The file was cut while open.");
    done += bytesRead;
  }
}
