import { expectation, GraticuleError } from "@graticule/core";
import type { Batch, Loader } from "@graticule/data";

/** Where in the data a run stands: the next batch to read, both numbers from 0. */
export interface DataPosition {
  readonly epoch: number;
  readonly batchInEpoch: number;
}

/** A batch, its epoch, and where to go on after it. */
export interface PositionedBatch {
  readonly batch: Batch;
  readonly epoch: number;
  readonly next: DataPosition;
}

/** Batches one after the other, epoch after epoch without end. */
export interface BatchStream {
  /** @throws {GraticuleError} if a whole epoch yields no batch, because no sample of it could be read. */
  next(): Promise<PositionedBatch>;
  close(): Promise<void>;
}

async function* readEpochs(loader: Loader, from: DataPosition): AsyncGenerator<PositionedBatch, undefined> {
  let start = from.batchInEpoch;
  for (let epoch = from.epoch; ; epoch++, start = 0) {
    let yielded = 0;
    for await (const batch of loader.epoch(epoch, start)) {
      yielded += 1;
      const following = batch.batchIndex + 1;
      const isLast = following >= loader.batchesPerEpoch;
      const next = isLast ? { epoch: epoch + 1, batchInEpoch: 0 } : { epoch, batchInEpoch: following };
      yield { batch, epoch, next };
    }
    if (yielded === 0 && start === 0)
      throw new GraticuleError(
        "GRATICULE_NO_DATA",
        expectation(
          `epoch ${epoch}`,
          `at least one readable batch of ${loader.batchesPerEpoch}`,
          "none",
          "Every sample was skipped as corrupt; check the files of the dataset.",
        ),
      );
  }
}

/** Opens the stream of batches from a position on. */
export function openBatchStream(loader: Loader, from: DataPosition): BatchStream {
  const batches = readEpochs(loader, from);
  return {
    async next() {
      const { value } = await batches.next();
      if (!value)
        throw new GraticuleError("GRATICULE_CLOSED", "batch stream: expected to be open, got next() after close().");
      return value;
    },
    async close() {
      await batches.return(undefined);
    },
  };
}
