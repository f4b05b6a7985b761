import { expectation, GraticuleError } from "@graticule/core";
import type { Batch, DataPosition, Loader } from "@graticule/data";

/** A batch and its epoch. */
export interface EpochBatch {
  readonly batch: Batch;
  readonly epoch: number;
}

/** Batches one after the other, epoch after epoch without end. */
export interface BatchStream {
  /** @throws {GraticuleError} if a whole epoch yields no batch, because no sample of it could be read. */
  next(): Promise<EpochBatch>;
  /** Gives the loader a batch's memory back once nothing uses it any more. */
  recycle(batch: Batch): void;
  /** Time that `next` has kept its callers waiting. Units: seconds. */
  waitedSeconds(): number;
  close(): Promise<void>;
}

async function* readEpochs(loader: Loader, from: DataPosition): AsyncGenerator<EpochBatch, undefined> {
  let start = from.sampleInEpoch;
  for (let epoch = from.epoch; ; epoch++, start = 0) {
    let yielded = 0;
    for await (const batch of loader.epoch(epoch, start)) {
      yielded += 1;
      yield { batch, epoch };
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
  let waited = 0;
  return {
    async next() {
      const asked = performance.now();
      const { value } = await batches.next();
      waited += (performance.now() - asked) / 1000;
      if (!value)
        throw new GraticuleError("GRATICULE_CLOSED", "batch stream: expected to be open, got next() after close().");
      return value;
    },
    recycle: (batch) => loader.recycle(batch),
    waitedSeconds: () => waited,
    async close() {
      await batches.return(undefined);
    },
  };
}
