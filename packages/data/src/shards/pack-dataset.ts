import { ConfigError, makeRandom, ShapeError } from "@graticule/core";
import type { SkippedSample } from "../batch.js";
import type { Dataset, JsonValue, Sample } from "../dataset.js";
import { applyTransforms, assertTransforms, type TransformSpec } from "../transform.js";
import type { ShardDtype } from "./channel-codec.js";
import { openShardWriter } from "./shard-writer.js";

export interface PackDatasetOptions {
  readonly dtype: ShardDtype;
  /** Makes the samples of one shape; what is random belongs to training. None if absent. */
  readonly transforms?: readonly Extract<TransformSpec, { kind: "resize" | "centerCrop" }>[];
  readonly recordsPerShard?: number;
  /** Where the dataset comes from, for the index. */
  readonly metadata?: JsonValue;
  readonly onCorrupt: "skip" | "fail";
  /** Told after each sample how many of the dataset's are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Files decode in native threads; a few at once keep them busy. */
const CONCURRENT_READS = 4;

/**
 * Packs a dataset's samples into a folder that reads at the disk's speed. Called again after a crash it goes on; on a
 * complete folder it does nothing.
 *
 * @returns how many records the folder holds, and the unreadable samples that this call left out.
 * @throws {ShapeError} if samples differ in shape after the transforms.
 * @throws {ConfigError} if the dtype can't hold a value, or samples carry arrays, which shards have no room for.
 */
export async function packDataset(
  dataset: Dataset,
  folder: string,
  options: PackDatasetOptions,
): Promise<{ readonly length: number; readonly skipped: readonly SkippedSample[] }> {
  const { dtype, transforms = [], recordsPerShard, metadata = null, onCorrupt, onProgress } = options;
  assertTransforms(transforms, dataset.schema);
  const context = { random: makeRandom(0), schema: dataset.schema };
  const skipped: SkippedSample[] = [];

  async function readSample(index: number): Promise<Sample | undefined> {
    try {
      const sample = await dataset.read(index);
      if (sample.arrays)
        throw new ConfigError(
          `packDataset: expected samples of pixels alone, got arrays ${Object.keys(sample.arrays).join(", ")} in '${sample.id}'. Pack the data that they are made from.`,
        );
      return { ...sample, ...applyTransforms(sample, transforms, context) };
    } catch (error) {
      const { code, path, message } = error as { code?: string; path: string; message: string };
      if (onCorrupt === "fail" || code !== "GRATICULE_FORMAT") throw error;
      skipped.push({ index, id: path, reason: message });
      return undefined;
    }
  }

  const { shape } = await firstReadable(dataset.length, readSample);
  skipped.length = 0;
  const writer = await openShardWriter({
    folder,
    dtype,
    shape,
    schema: dataset.schema,
    ...(dataset.classNames && { classNames: dataset.classNames }),
    ...(recordsPerShard && { recordsPerShard }),
    metadata: { source: metadata, transforms: transforms as unknown as JsonValue },
  });
  try {
    for (let next = writer.lastPosition + 1; next < dataset.length && !writer.complete; next += CONCURRENT_READS) {
      const positions = Array.from({ length: Math.min(CONCURRENT_READS, dataset.length - next) }, (_, k) => next + k);
      for (const [k, sample] of (await Promise.all(positions.map(readSample))).entries()) {
        if (sample) {
          assertShape(sample, shape);
          await writer.append({ ...sample, position: next + k });
        }
        onProgress?.(next + k + 1, dataset.length);
      }
    }
    await writer.finish();
  } finally {
    await writer.close();
  }
  return { length: writer.length, skipped };
}

async function firstReadable(length: number, read: (index: number) => Promise<Sample | undefined>): Promise<Sample> {
  for (let index = 0; index < length; index++) {
    const sample = await read(index);
    if (sample) return sample;
  }
  throw new ConfigError(`packDataset: expected at least one readable sample, got none of ${length}.`);
}

function assertShape(sample: Sample, shape: Sample["shape"]): void {
  if (sample.shape.some((size, dim) => size !== shape[dim]))
    throw new ShapeError(
      "packDataset",
      `[${shape.join(", ")}] as the first sample`,
      `[${sample.shape.join(", ")}] from '${sample.id}'`,
      "Add a resize or centerCrop to the transforms.",
    );
}
