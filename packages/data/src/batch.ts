import { FormatError, type GraticuleError, makeRandom, ShapeError } from "@graticule/core";
import type { ChannelSchema } from "./channel-schema.js";
import type { Dataset } from "./dataset.js";
import type { Image } from "./resample.js";
import { applyTransforms, type TransformSpec } from "./transform.js";

/** A sample left out of its batch because its file could not be read. */
export interface SkippedSample {
  readonly index: number;
  readonly id: string;
  readonly reason: string;
}

/** What a model trains on. Layout: `images` is `[B, C, H, W]`; `labels` holds −1 where a sample has none. */
export interface Batch {
  readonly images: Float32Array;
  readonly shape: readonly [batch: number, channels: number, height: number, width: number];
  readonly labels: Int32Array;
  /** Each sample's index in the dataset. */
  readonly indices: Int32Array;
  readonly skipped: readonly SkippedSample[];
  /** Which slice of the epoch's order this is; resume with `epoch(epoch, batchIndex + 1)`. */
  readonly batchIndex: number;
}

/** What it takes to make one batch, as plain data that can be sent to a worker thread. */
export interface BatchRequest {
  readonly epoch: number;
  readonly batchIndex: number;
  readonly indices: Int32Array;
}

export interface BatchRecipe {
  readonly seed: number;
  /** Scales `normalize`; may hold statistics that the dataset's own schema lacks. */
  readonly schema: ChannelSchema;
  readonly transforms: readonly TransformSpec[];
  readonly onCorrupt: "skip" | "fail";
}

interface ReadySample extends Image {
  readonly index: number;
  readonly label: number;
}

/** Files decode in native threads; a few at once keep them busy without holding a whole batch of raw images. */
const CONCURRENT_READS = 4;

/**
 * Reads and transforms the samples of one batch. The result depends on its arguments only, never on the thread.
 *
 * @throws {FormatError} for an unreadable sample if the recipe says `fail`.
 * @throws {ShapeError} if samples differ in shape after the transforms.
 */
export async function assembleBatch(dataset: Dataset, request: BatchRequest, recipe: BatchRecipe): Promise<Batch> {
  const { indices, epoch } = request;
  const results = new Array<ReadySample | SkippedSample>(indices.length);
  let next = 0;
  async function readInTurn(): Promise<void> {
    while (next < indices.length) {
      const position = next++;
      const index = indices[position] as number;
      results[position] = await readSample(dataset, index, epoch, recipe);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT_READS }, readInTurn));
  return stack(results, request.batchIndex);
}

async function readSample(
  dataset: Dataset,
  index: number,
  epoch: number,
  { seed, schema, transforms, onCorrupt }: BatchRecipe,
): Promise<ReadySample | SkippedSample> {
  try {
    const sample = await dataset.read(index);
    const random = makeRandom(seed, "transform", epoch, index);
    const image = applyTransforms(sample, transforms, { random, schema });
    return { ...image, index, label: sample.label ?? -1 };
  } catch (error) {
    if (onCorrupt === "skip" && isFormatError(error)) return { index, id: error.path, reason: error.message };
    throw error;
  }
}

/** By code, not by class: the dataset's module may carry its own copy of core. */
function isFormatError(error: unknown): error is FormatError {
  return error instanceof FormatError || (error as GraticuleError | undefined)?.code === "GRATICULE_FORMAT";
}

function stack(results: readonly (ReadySample | SkippedSample)[], batchIndex: number): Batch {
  const ready = results.filter((result) => "pixels" in result);
  const skipped = results.filter((result) => "reason" in result);
  const shape = ready[0]?.shape ?? [0, 0, 0];
  const sampleSize = shape[0] * shape[1] * shape[2];
  const images = new Float32Array(ready.length * sampleSize);
  for (const [position, sample] of ready.entries()) {
    if (sample.shape.some((size, dim) => size !== shape[dim]))
      throw new ShapeError(
        `batch ${batchIndex}`,
        `samples of one shape, [${shape.join(", ")}] as sample ${ready[0]?.index}`,
        `[${sample.shape.join(", ")}] from sample ${sample.index}`,
        "Add a resize or randomResizedCrop to the transforms.",
      );
    images.set(sample.pixels, position * sampleSize);
  }
  return {
    images,
    shape: [ready.length, ...shape],
    labels: Int32Array.from(ready, (sample) => sample.label),
    indices: Int32Array.from(ready, (sample) => sample.index),
    skipped,
    batchIndex,
  };
}
