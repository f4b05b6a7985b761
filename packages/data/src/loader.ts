import { ConfigError } from "@graticule/core";
import type { Batch, BatchRecipe, SkippedSample } from "./batch.js";
import { makeInProcessMaker } from "./batch-maker.js";
import { assertSameChannels, type ChannelSchema } from "./channel-schema.js";
import { type DatasetSpec, openDataset, resolveModule } from "./dataset.js";
import { epochOrder } from "./epoch-order.js";
import { assertTransforms, type TransformSpec } from "./transform.js";
import { makeWorkerPool } from "./worker-pool.js";

export interface LoaderOptions {
  readonly dataset: DatasetSpec;
  /** Channels that the dataset must have, with their mean and std for `normalize`; the dataset's own if absent. */
  readonly schema?: ChannelSchema;
  readonly batchSize: number;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Leaves out the last batch of an epoch if it is not full. */
  readonly dropLast: boolean;
  readonly transforms: readonly TransformSpec[];
  /** 0 reads in this thread; batches are the same for any number. */
  readonly numWorkers: number;
  /** Most batches that are made or held ahead of the one in use. */
  readonly prefetchBatches: number;
  readonly onCorrupt: "skip" | "fail";
}

/** Yields an epoch's batches in order. One epoch at a time: starting another ends the one before. */
export interface Loader {
  readonly batchesPerEpoch: number;
  /** Number of samples in the dataset. */
  readonly length: number;
  readonly schema: ChannelSchema;
  readonly classNames?: readonly string[];
  /** Batch k is slice k of the epoch's order less its unreadable samples; a slice with none left is not yielded. */
  epoch(epoch: number, startBatch?: number): AsyncIterable<Batch>;
  /** Ends the worker threads. */
  close(): Promise<void>;
}

/**
 * Opens a dataset and makes the loader that cuts it into batches.
 *
 * @throws {ConfigError} for options out of range or an empty dataset.
 * @throws {MismatchError} if the dataset's channels are not those of `schema`.
 */
export async function makeLoader(options: LoaderOptions): Promise<Loader> {
  assertCount("batchSize", options.batchSize, 1);
  assertCount("numWorkers", options.numWorkers, 0);
  assertCount("prefetchBatches", options.prefetchBatches, 1);
  const spec: DatasetSpec = { ...options.dataset, module: resolveModule(options.dataset.module) };
  const opened = await openDataset(spec);
  if (options.schema) assertSameChannels(options.schema, opened.schema);
  const schema = options.schema ?? opened.schema;
  assertTransforms(options.transforms, schema);
  const { batchSize, seed, shuffle, dropLast } = options;
  const length = opened.length;
  const batchesPerEpoch = dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
  if (batchesPerEpoch === 0)
    throw new ConfigError(
      `makeLoader: expected at least one batch of ${batchSize}, got ${length} samples. Lower batchSize, turn dropLast off, or look at the dataset's folder.`,
    );
  const recipe: BatchRecipe = { seed, schema, transforms: options.transforms, onCorrupt: options.onCorrupt };
  const maker =
    options.numWorkers === 0
      ? makeInProcessMaker(opened, recipe)
      : makeWorkerPool({ dataset: spec, recipe }, options.numWorkers);
  let currentRun = 0;

  async function* epoch(epochNumber: number, startBatch = 0): AsyncGenerator<Batch> {
    const run = ++currentRun;
    maker.cancel();
    const order = epochOrder(length, seed, epochNumber, shuffle);
    const ahead: Promise<Batch>[] = [];
    let next = startBatch;
    let unreported: readonly SkippedSample[] = [];
    function fill(): void {
      for (; next < batchesPerEpoch && ahead.length < options.prefetchBatches; next++) {
        const indices = order.slice(next * batchSize, (next + 1) * batchSize);
        const batch = maker.make({ epoch: epochNumber, batchIndex: next, indices });
        batch.catch(() => {}); // Reported when its turn comes.
        ahead.push(batch);
      }
    }
    try {
      for (fill(); ahead.length > 0; fill()) {
        const batch = await ahead.shift()?.catch((error) => {
          if (run === currentRun) throw error;
        });
        if (batch === undefined || run !== currentRun) return;
        fill();
        unreported = [...unreported, ...batch.skipped];
        if (batch.shape[0] === 0) continue;
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
    length,
    schema,
    ...(opened.classNames && { classNames: opened.classNames }),
    epoch,
    close: () => maker.close(),
  };
}

function assertCount(name: string, value: number, least: number): void {
  if (!(Number.isInteger(value) && value >= least))
    throw new ConfigError(`makeLoader: expected ${name} to be a whole number of at least ${least}, got ${value}.`);
}
