import { open } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@graticule/core";
import type { ChannelSchema } from "../channel-schema.js";
import type { JsonValue, Sample } from "../dataset.js";
import { SHARD_DTYPES, type ShardDtype } from "./channel-codec.js";

/** 2 since each channel has a block and a checksum of its own. */
export const SHARD_VERSION = 2;

/** What all records of a folder have in common. */
export interface ShardHeader {
  readonly format: "graticule-packed-shards";
  readonly version: typeof SHARD_VERSION;
  readonly dtype: ShardDtype;
  /** Layout: `[C, H, W]`. */
  readonly shape: Sample["shape"];
  readonly recordsPerShard: number;
  readonly schema: ChannelSchema;
  readonly classNames?: readonly string[];
  /** Whatever the writer wants to say about where the records come from. */
  readonly metadata: JsonValue;
}

/** A folder's `index.json`, written last: with it the folder is complete. */
export interface ShardIndex extends ShardHeader {
  readonly length: number;
  readonly shards: readonly { readonly records: number; readonly trailerCrc32: number }[];
}

export const INDEX_FILE = "index.json";
/** The header of a folder that is being written. */
export const PLAN_FILE = "plan.json";

/** File name of shard k. */
export const shardFile = (shard: number): string => `shard-${String(shard).padStart(5, "0")}.bin`;

/** Guards against hostile files. */
const MAX_INDEX_BYTES = 2 ** 28;
const MAX_RECORD_BYTES = 2 ** 31;

/** Reads a folder's index, or the header of one that is not complete; undefined if there is no such file. */
export async function readIndexFile(folder: string, name: string): Promise<unknown> {
  const path = join(folder, name);
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > MAX_INDEX_BYTES) throw new FormatError(path, `at most ${MAX_INDEX_BYTES} bytes`, `${size}`);
    return JSON.parse(await file.readFile("utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new FormatError(path, "JSON", cause.message, "The file is damaged: pack the data again.", { cause });
  } finally {
    await file.close();
  }
}

/**
 * Reads and checks the index of a complete folder.
 *
 * @throws {FormatError} naming the file and the field.
 */
export async function readShardIndex(folder: string): Promise<ShardIndex> {
  const path = join(folder, INDEX_FILE);
  const index = (await readIndexFile(folder, INDEX_FILE)) as ShardIndex | undefined;
  if (index === undefined)
    throw new FormatError(path, "the index of packed shards", "no such file", "A folder has one once packing is done.");
  assertIndex(path, index);
  return index;
}

function assertIndex(path: string, index: ShardIndex): void {
  const expect = (valid: boolean, field: string, expected: string, value: unknown): void => {
    if (!valid)
      throw new FormatError(path, `${field} to be ${expected}`, JSON.stringify(value)?.slice(0, 80) ?? "nothing");
  };
  const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
  expect(typeof index === "object" && index !== null, "the file", "an object", index);
  expect(index.format === "graticule-packed-shards", "format", "graticule-packed-shards", index.format);
  if (index.version !== SHARD_VERSION)
    throw new FormatError(
      path,
      `packed shards of version ${SHARD_VERSION}`,
      `version ${index.version}`,
      "Another release of Graticule wrote them: prepare or pack the data again.",
    );
  expect(SHARD_DTYPES.includes(index.dtype), "dtype", SHARD_DTYPES.join(", "), index.dtype);
  const { shape, recordsPerShard, schema, length, shards } = index;
  expect(Array.isArray(shape) && shape.length === 3 && shape.every(isSize), "shape", "[C, H, W]", shape);
  const values = shape[0] * shape[1] * shape[2];
  expect(4 * values <= MAX_RECORD_BYTES, "shape", `a record of at most ${MAX_RECORD_BYTES} bytes`, shape);
  expect(isSize(recordsPerShard), "recordsPerShard", "a positive whole number", recordsPerShard);
  expect(
    Array.isArray(schema) && schema.length === shape[0] && schema.every((channel) => typeof channel?.name === "string"),
    "schema",
    `${shape[0]} channels with names`,
    schema,
  );
  expect(Number.isSafeInteger(length) && length >= 0, "length", "a whole number", length);
  expect(
    Array.isArray(shards) && shards.length === Math.ceil(length / recordsPerShard),
    "shards",
    `${Math.ceil(length / recordsPerShard)} shards of ${recordsPerShard} records`,
    shards?.length,
  );
  for (const [shard, entry] of shards.entries()) {
    const records = Math.min(recordsPerShard, length - shard * recordsPerShard);
    expect(entry?.records === records, `shards[${shard}].records`, `${records}`, entry?.records);
    expect(Number.isInteger(entry.trailerCrc32), `shards[${shard}].trailerCrc32`, "a CRC-32", entry.trailerCrc32);
  }
}
