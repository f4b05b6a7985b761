import { ConfigError, type Logger, silentLogger } from "@graticule/core";
import type { Batch, BatchRecipe, SkippedSample } from "./batch.js";
import type { TakeBatch } from "./batch-inbox.js";
import { type LoaderSpan, makeInProcessMaker } from "./batch-maker.js";
import { type BatchMemory, takeMemory } from "./batch-memory.js";
import { assertSameChannels, type ChannelSchema } from "./channel-schema.js";
import { type Dataset, type DatasetSpec, openDataset, resolveModule } from "./dataset.js";
import { balancedOrder, epochOrder } from "./epoch-order.js";
import { epochSlices, type Shard } from "./epoch-slices.js";
import type { MixOptions } from "./mix-samples.js";
import { makeScaleCheck } from "./scale-check.js";
import { assertTransforms, type TransformSpec } from "./transform.js";
import { makeWorkerPool } from "./worker-pool.js";

export type { LoaderSpan } from "./batch-maker.js";

export interface LoaderOptions {
  readonly dataset: DatasetSpec;
  /**
   * Channels that the dataset must have, with their mean and std for `normalize`; the dataset's own if absent. All of them,
   * also where `dataset.channels` selects those that samples have.
   */
  readonly schema?: ChannelSchema;
  /** Samples of one batch of one rank. */
  readonly batchSize: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Leaves out the last batch of an epoch if it is not full, over all ranks. */
  readonly dropLast: boolean;
  readonly transforms: readonly TransformSpec[];
  /** 0 reads in this thread; batches are the same for any number. */
  readonly numWorkers: number;
  /** Most batches that are made or held ahead of the one in use: with that one, the bound of the loader's memory. */
  readonly prefetchBatches: number;
  readonly onCorrupt: "skip" | "fail";
  /**
   * Mixes each sample with another one behind the transforms; none if absent. `batch.arrays.mix`, `[B, 2]`, then tells the
   * partner's label and the share that is the sample's own.
   */
  readonly mix?: MixOptions;
  /**
   * Draws all classes of an epoch equally often, each sample of a class as often as the others, instead of every sample
   * once; false if absent. A sample that comes again in an epoch looks the same. Needs a dataset that knows its labels.
   */
  readonly balanceClasses?: boolean;
  /** This process's part of each global batch of `batchSize · worldSize` samples; all of it if absent. */
  readonly shard?: Shard;
  /**
   * Longest time that a worker may take for one batch before it is given up for hanging; Infinity for no limit.
   * 300 if absent: beyond what a slow network file system and HTTP retries need. Units: seconds.
   */
  readonly batchTimeoutSeconds?: number;
  /** Largest JavaScript heap of a worker, without pixels, which lie outside it; V8's own limit if absent. Units: MiB. */
  readonly workerHeapMB?: number;
  /** Hears of workers that crashed and of statistics that don't fit the data; silent if absent. */
  readonly logger?: Logger;
}

/** Yields an epoch's batches in order. One epoch at a time: starting another ends the one before. */
export interface Loader {
  /** Batches of a whole epoch; on each rank the same. */
  readonly batchesPerEpoch: number;
  /** Samples of one batch over all ranks. */
  readonly globalBatchSize: number;
  /** Number of samples in the dataset. */
  readonly length: number;
  /** All channels, whichever samples have. */
  readonly schema: ChannelSchema;
  readonly classNames?: readonly string[];
  /**
   * Batches are slices of the epoch's order, from `startSample` on, less their unreadable samples. A slice with none
   * left is not yielded, except on one rank of several, which stay in step.
   */
  epoch(epoch: number, startSample?: number): AsyncIterable<Batch>;
  /**
   * Gives back a batch that is used up: a later one is made in its memory, which costs far less than new memory. Its
   * images and arrays are empty from then on, so that a use after this shows; labels and indices stay.
   */
  recycle(batch: Batch): void;
  /** Bytes that making batches has read so far from files and over HTTP, in all threads; a worker's count with each batch. */
  bytesRead(): number;
  /**
   * Records what the threads that make batches do from now on: whole batches, what they read, decode and transform. What it
   * returns ends that. At most one recording at a time.
   */
  recordWork(): () => readonly LoaderSpan[];
  /** Closes the dataset, in each worker too, and ends the worker threads. */
  close(): Promise<void>;
}

const BATCH_TIMEOUT_SECONDS = 300;

/**
 * Opens a dataset and makes the loader that cuts it into batches.
 *
 * @throws {ConfigError} for options out of range or an empty dataset.
 * @throws {MismatchError} if the dataset's channels are not those of `schema`.
 */
export async function makeLoader(options: LoaderOptions): Promise<Loader> {
  assertLoaderOptions(options);
  const { batchSize, seed, shuffle, dropLast, shard = { rank: 0, worldSize: 1 }, logger = silentLogger } = options;
  const spec: DatasetSpec = { ...options.dataset, module: resolveModule(options.dataset.module) };
  const opened = await openDataset(spec);
  const { schema = opened.schema } = options;
  const own = (options.schema && spec.channels?.flatMap((place) => schema[place] ?? [])) ?? schema;
  assertSameChannels(own, opened.schema);
  assertTransforms(options.transforms, own);
  if (spec.channels && options.transforms.some(({ kind }) => kind === "randomErasing"))
    throw new ConfigError(
      "makeLoader: expected no randomErasing with dataset.channels, whose noise is drawn for all channels, got it. Leave one out.",
    );
  const { length } = opened;
  const globalBatchSize = batchSize * shard.worldSize;
  const batchesPerEpoch = dropLast ? Math.floor(length / globalBatchSize) : Math.ceil(length / globalBatchSize);
  if (batchesPerEpoch === 0)
    throw new ConfigError(
      `makeLoader: expected at least one batch of ${globalBatchSize}, got ${length} samples. Lower batchSize, turn dropLast off, or look at the dataset's folder.`,
    );
  const { transforms, onCorrupt, mix, balanceClasses = false } = options;
  const recipe: BatchRecipe = { seed, schema: own, transforms, onCorrupt, ...(mix && { mix }) };
  const labels = balanceClasses ? labelsOf(opened) : undefined;
  const { numWorkers, batchTimeoutSeconds = BATCH_TIMEOUT_SECONDS, workerHeapMB } = options;
  const maker =
    numWorkers === 0
      ? makeInProcessMaker(opened, recipe)
      : makeWorkerPool({ dataset: spec, recipe }, { numWorkers, batchTimeoutSeconds, workerHeapMB, logger });
  const checkScale = makeScaleCheck(recipe, logger);
  const spare: BatchMemory[] = [];
  let currentRun = 0;

  async function* epoch(epochNumber: number, startSample = 0): AsyncGenerator<Batch> {
    const run = ++currentRun;
    maker.cancel();
    const order = labels ? balancedOrder(labels, seed, epochNumber) : epochOrder(length, seed, epochNumber, shuffle);
    const position = { epoch: epochNumber, sampleInEpoch: startSample };
    const slices = epochSlices(position, { length, globalBatchSize, dropLast, shard });
    const ahead: Promise<TakeBatch>[] = [];
    let unreported: readonly SkippedSample[] = [];
    function fill(): void {
      while (ahead.length < options.prefetchBatches) {
        const { value: slice } = slices.next();
        if (!slice) return;
        const { start, next, from, to } = slice;
        const made = maker.make(
          { epoch: epochNumber, start, next, indices: [...order.subarray(from, to)] },
          spare.pop(),
        );
        made.catch(() => {}); // Reported when its turn comes.
        ahead.push(made);
      }
    }
    try {
      for (fill(); ahead.length > 0; fill()) {
        const take = await ahead.shift()?.catch((error) => {
          if (run === currentRun) throw error;
        });
        if (take === undefined || run !== currentRun) return;
        const batch = take();
        fill();
        unreported = [...unreported, ...batch.skipped];
        if (batch.shape[0] === 0 && shard.worldSize === 1) continue;
        checkScale(batch);
        yield { ...batch, skipped: unreported };
        if (run !== currentRun) return;
        unreported = [];
      }
    } finally {
      if (run === currentRun) maker.cancel();
    }
  }

  return {
    batchesPerEpoch,
    globalBatchSize,
    length,
    schema,
    ...(opened.classNames && { classNames: opened.classNames }),
    epoch,
    recycle(batch) {
      const memory = takeMemory(batch);
      if (memory && spare.length <= options.prefetchBatches) spare.push(memory);
    },
    bytesRead: () => maker.bytesRead(),
    recordWork: () => maker.recordWork(),
    async close() {
      spare.length = 0;
      await maker.close();
      await opened.close?.();
    },
  };
}

function assertLoaderOptions(options: LoaderOptions): void {
  const { shard, batchTimeoutSeconds = BATCH_TIMEOUT_SECONDS, workerHeapMB = 1 } = options;
  assertCount("batchSize", options.batchSize, 1);
  assertCount("numWorkers", options.numWorkers, 0);
  assertCount("prefetchBatches", options.prefetchBatches, 1);
  if (shard) {
    assertCount("shard.worldSize", shard.worldSize, 1);
    assertCount("shard.rank", shard.rank, 0);
    if (shard.rank >= shard.worldSize)
      throw new ConfigError(
        `makeLoader: expected shard.rank below shard.worldSize ${shard.worldSize}, got ${shard.rank}.`,
      );
  }
  for (const [name, value] of Object.entries({ batchTimeoutSeconds, workerHeapMB }))
    if (!(value > 0)) throw new ConfigError(`makeLoader: expected ${name} above 0, got ${value}.`);
}

function assertCount(name: string, value: number, least: number): void {
  if (!(Number.isInteger(value) && value >= least))
    throw new ConfigError(`makeLoader: expected ${name} to be a whole number of at least ${least}, got ${value}.`);
}

function labelsOf({ labels }: Dataset): readonly number[] {
  if (labels?.some((label) => label >= 0)) return labels;
  throw new ConfigError(
    "makeLoader: expected a dataset that knows its samples' classes for balanceClasses, got one that doesn't. Use images in class folders, or turn it off.",
  );
}
