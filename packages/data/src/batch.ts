import { FormatError, type GraticuleError, makeRandom, ShapeError } from "@graticule/core";
import { type BatchMemory, roomFor } from "./batch-memory.js";
import type { ChannelSchema } from "./channel-schema.js";
import type { Dataset, Sample, SampleArray } from "./dataset.js";
import { drawMix, type MixOptions, mixInto } from "./mix-samples.js";
import { movePixels, type PixelMove } from "./pixel-moves.js";
import type { Image } from "./resample.js";
import { beginWork, endWork } from "./thread-work.js";
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
  /** What the samples carry beside their pixels, stacked: shapes begin with B. */
  readonly arrays: Readonly<Record<string, SampleArray>>;
  readonly skipped: readonly SkippedSample[];
  /** Place in the epoch's order of the first sample that this batch was cut from, the first of all ranks if sharded. */
  readonly start: number;
  /** Where the data go on after it, whatever the number of ranks: `loader.epoch(next.epoch, next.sampleInEpoch)`. */
  readonly next: DataPosition;
}

/** A place between two samples of the data, both numbers from 0. */
export interface DataPosition {
  readonly epoch: number;
  /** Samples of the epoch's order that come before, over all ranks. */
  readonly sampleInEpoch: number;
}

/** What it takes to make one batch, as plain data that can be sent to a worker thread. */
export interface BatchRequest {
  readonly epoch: number;
  readonly start: number;
  readonly next: DataPosition;
  /** Plain numbers: new memory outside the heap has V8 look for what it can free while two large batches are young. */
  readonly indices: readonly number[];
}

export interface BatchRecipe {
  readonly seed: number;
  /** Scales `normalize`; may hold statistics that the dataset's own schema lacks. */
  readonly schema: ChannelSchema;
  readonly transforms: readonly TransformSpec[];
  readonly onCorrupt: "skip" | "fail";
  /** Mixes each sample with another one. */
  readonly mix?: MixOptions;
}

interface ReadySample extends Image {
  readonly index: number;
  readonly label: number;
  readonly arrays: NonNullable<Sample["arrays"]>;
}

/** Files decode in native threads; a few at once keep them busy without holding a whole batch of raw images. */
const CONCURRENT_READS = 4;

/**
 * Reads and transforms the samples of one batch. The result depends on its arguments only, never on the thread nor on
 * what `memory` holds: memory that nobody else uses, for the result to lie in where it fits.
 *
 * @throws {FormatError} for an unreadable sample if the recipe says `fail`.
 * @throws {ShapeError} if samples differ in shape after the transforms, or in their arrays.
 */
export async function assembleBatch(
  dataset: Dataset,
  request: BatchRequest,
  recipe: BatchRecipe,
  memory?: BatchMemory,
): Promise<Batch> {
  const { indices, epoch, start } = request;
  const began = beginWork();
  const results = new Array<ReadySample | SkippedSample>(indices.length);
  const sampleSize = knownSize(dataset, recipe) ?? 0;
  const images = sampleSize > 0 ? roomFor(indices.length * sampleSize, memory?.images) : undefined;
  let next = 0;
  async function readInTurn(): Promise<void> {
    while (next < indices.length) {
      const position = next++;
      const index = indices[position] as number;
      const pixels = images?.subarray(position * sampleSize, (position + 1) * sampleSize);
      results[position] = await readSample(dataset, index, epoch, recipe, pixels);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT_READS }, readInTurn));
  const batch = stack(results, request, images ? { ...memory, images } : (memory ?? {}));
  endWork(began, `batch at ${start} of epoch ${epoch}`, { samples: indices.length });
  return batch;
}

/** Values of one sample's pixels, which can be written straight into the batch; undefined where that isn't known before. */
function knownSize({ direct }: Dataset, { transforms, schema }: BatchRecipe): number | undefined {
  if (transforms.length === 0) return direct && sizeOf(direct.shape);
  const last = transforms.findLast((transform) => "size" in transform);
  return last && schema.length * sizeOf(last.size);
}

async function readSample(
  dataset: Dataset,
  index: number,
  epoch: number,
  recipe: BatchRecipe,
  pixels: Float32Array | undefined,
): Promise<ReadySample | SkippedSample> {
  const { seed, transforms, onCorrupt, mix } = recipe;
  const draw = { seed, epoch };
  try {
    if (pixels && dataset.direct && transforms.length === 0) {
      const { label = -1, arrays = {} } = await dataset.direct.readInto(index, pixels, draw);
      return { pixels, shape: dataset.direct.shape, index, label, arrays };
    }
    const ready = await prepare(dataset, index, epoch, recipe, pixels);
    return mix ? await mixSample(dataset, ready, epoch, recipe, mix) : ready;
  } catch (error) {
    if (onCorrupt === "skip" && isFormatError(error)) return { index, id: error.path, reason: error.message };
    throw error;
  }
}

async function prepare(
  dataset: Dataset,
  index: number,
  epoch: number,
  { seed, schema, transforms }: BatchRecipe,
  pixels?: Float32Array,
): Promise<ReadySample> {
  const draw = { seed, epoch };
  const sample = await (dataset.readStored ? dataset.readStored(index, draw) : dataset.read(index, draw));
  const random = makeRandom(seed, "transform", epoch, index);
  const moves: PixelMove[] = [];
  const began = transforms.length > 0 ? beginWork() : 0;
  const image = applyTransforms(sample, transforms, { random, schema, moved: (move) => moves.push(move) }, pixels);
  endWork(began, `transform sample ${index}`);
  const arrays = Object.entries(sample.arrays ?? {}).map(([name, array]) => [
    name,
    array.onPixels ? movePixels(array, moves) : array,
  ]);
  return { ...image, index, label: sample.label ?? -1, arrays: Object.fromEntries(arrays) };
}

/** Array of each sample that tells what was mixed in: the partner's label, and the share that is the sample's own. */
const MIX_ARRAY = "mix";

/** Mixes a sample with its partner of this epoch; with none where that can't be read. */
async function mixSample(
  dataset: Dataset,
  ready: ReadySample,
  epoch: number,
  recipe: BatchRecipe,
  options: MixOptions,
): Promise<ReadySample> {
  const mix = drawMix(options, dataset.length, { seed: recipe.seed, epoch, index: ready.index });
  const told = (label: number, share: number): ReadySample => ({
    ...ready,
    arrays: { ...ready.arrays, [MIX_ARRAY]: { data: Float32Array.of(label, share), shape: [2] } },
  });
  if (!mix) return told(ready.label, 1);
  try {
    const partner = await prepare(dataset, mix.partner, epoch, recipe);
    return told(partner.label, mixInto(ready, partner, mix));
  } catch (error) {
    if (recipe.onCorrupt === "skip" && isFormatError(error)) return told(ready.label, 1);
    throw error;
  }
}

/** By code, not by class: the dataset's module may carry its own copy of core. */
function isFormatError(error: unknown): error is FormatError {
  return error instanceof FormatError || (error as GraticuleError | undefined)?.code === "GRATICULE_FORMAT";
}

/** @param memory where the batch can lie; pixels of samples may be in place already. */
function stack(
  results: readonly (ReadySample | SkippedSample)[],
  { start, next }: BatchRequest,
  { images, arrays }: Partial<BatchMemory>,
): Batch {
  const ready = results.filter((result) => "pixels" in result);
  const skipped = results.filter((result) => "reason" in result);
  const shape = ready[0]?.shape ?? ([0, 0, 0] as const);
  const where = `batch at ${start}`;
  const advice = "Add a resize or randomResizedCrop to the transforms.";
  return {
    images: stackArrays(ready, ({ pixels, shape }) => ({ data: pixels, shape }), images, where, advice).data,
    shape: [ready.length, ...shape],
    labels: Int32Array.from(ready, (sample) => sample.label),
    indices: Int32Array.from(ready, (sample) => sample.index),
    arrays: stackNamedArrays(ready, arrays, where),
    skipped,
    start,
    next,
  };
}

function stackNamedArrays(
  ready: readonly ReadySample[],
  memory: BatchMemory["arrays"] | undefined,
  where: string,
): Batch["arrays"] {
  const names = Object.keys(ready[0]?.arrays ?? {});
  for (const { arrays, index } of ready) {
    const found = Object.keys(arrays);
    if (found.length !== names.length || !names.every((name) => name in arrays))
      throw new ShapeError(
        where,
        `arrays ${names.join(", ") || "(none)"} as sample ${ready[0]?.index}`,
        `${found.join(", ") || "(none)"} from sample ${index}`,
        "Give every sample of a dataset the same arrays.",
      );
  }
  const advice = "Give the arrays of every sample of a dataset one shape.";
  return Object.fromEntries(
    names.map((name) => [
      name,
      stackArrays(
        ready,
        ({ arrays }) => arrays[name] as SampleArray,
        memory?.[name],
        `${where}, array ${name}`,
        advice,
      ),
    ]),
  );
}

/** Stacks one array of each sample along a new first dim, in `memory` if it has that size. */
function stackArrays(
  ready: readonly ReadySample[],
  pick: (sample: ReadySample) => SampleArray,
  memory: Float32Array | undefined,
  where: string,
  advice: string,
): SampleArray {
  const shape = ready[0] ? pick(ready[0]).shape : [];
  const size = sizeOf(shape);
  const data = roomFor(ready.length * size, memory);
  for (const [position, sample] of ready.entries()) {
    const array = pick(sample);
    if (array.shape.length !== shape.length || array.shape.some((length, dim) => length !== shape[dim]))
      throw new ShapeError(
        where,
        `samples of one shape, [${shape.join(", ")}] as sample ${ready[0]?.index}`,
        `[${array.shape.join(", ")}] from sample ${sample.index}`,
        advice,
      );
    const isInPlace = array.data.buffer === data.buffer && array.data.byteOffset === position * array.data.byteLength;
    if (!isInPlace) data.set(array.data, position * size);
  }
  return { data, shape: [ready.length, ...shape] };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/** The buffers of a batch, which go to another thread without a copy. */
export function batchBuffers({ images, labels, indices, arrays }: Batch): ArrayBuffer[] {
  const views = [images, labels, indices, ...Object.values(arrays).map(({ data }) => data)];
  return views.map(({ buffer }) => buffer as ArrayBuffer);
}
