import type { DataPosition } from "./batch.js";

/** Which of the processes that share an epoch this one is. */
export interface Shard {
  /** From 0 to worldSize − 1. */
  readonly rank: number;
  readonly worldSize: number;
}

/** One rank's part of a global batch. `from` and `to` are places in the epoch's order. */
export interface EpochSlice {
  /** Where the global batch begins. */
  readonly start: number;
  readonly from: number;
  readonly to: number;
  readonly next: DataPosition;
}

export interface EpochSlicesOptions {
  readonly length: number;
  readonly globalBatchSize: number;
  readonly dropLast: boolean;
  readonly shard: Shard;
}

/**
 * Cuts an epoch's order, from a place on, into global batches and gives one rank's part of each, so that global batch k
 * is the union of the ranks' parts, in the order of ranks. A last batch that isn't full is shared out evenly.
 */
export function* epochSlices(position: DataPosition, options: EpochSlicesOptions): Generator<EpochSlice> {
  const { length, globalBatchSize, dropLast, shard } = options;
  const least = dropLast ? globalBatchSize : 1;
  for (let start = position.sampleInEpoch; length - start >= least; start += globalBatchSize) {
    const end = Math.min(start + globalBatchSize, length);
    const place = (rank: number): number => start + Math.floor((rank * (end - start)) / shard.worldSize);
    const isLast = length - end < least;
    const next = isLast
      ? { epoch: position.epoch + 1, sampleInEpoch: 0 }
      : { epoch: position.epoch, sampleInEpoch: end };
    yield { start, from: place(shard.rank), to: place(shard.rank + 1), next };
  }
}
