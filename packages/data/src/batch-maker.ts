import { GraticuleError } from "@graticule/core";
import type { Batch, BatchRecipe, BatchRequest } from "./batch.js";
import { assembleBatch } from "./batch.js";
import type { TakeBatch } from "./batch-inbox.js";
import type { BatchMemory } from "./batch-memory.js";
import type { Dataset } from "./dataset.js";
import { threadWork, type WorkSpan } from "./thread-work.js";

/** What a thread of the loader spent time on. */
export interface LoaderSpan extends WorkSpan {
  /** `worker 1` and so on, or `main thread`. */
  readonly thread: string;
}

/** Makes batches somewhere: in this thread or in workers. Requests are made at once and answered in any order. */
export interface BatchMaker {
  /**
   * Resolves when the batch is made. It can be taken until the next `cancel`.
   *
   * @param memory for the batch to lie in where it fits; the maker's from then on.
   */
  make(request: BatchRequest, memory?: BatchMemory): Promise<TakeBatch>;
  /** Forgets every request that hasn't been started; their promises reject. */
  cancel(): void;
  /** Bytes that making batches has read so far. */
  bytesRead(): number;
  /** Records what threads do from now on; what it returns ends that. */
  recordWork(): () => LoaderSpan[];
  close(): Promise<void>;
}

export function cancelledError(): GraticuleError {
  return new GraticuleError(
    "GRATICULE_CANCELLED",
    "loader: expected to be open, got close() or another epoch() while a batch was awaited. Read one epoch at a time.",
  );
}

/** Makes batches in the calling thread, one after the other. */
export function makeInProcessMaker(dataset: Dataset, recipe: BatchRecipe): BatchMaker {
  let generation = 0;
  let last: Promise<unknown> = Promise.resolve();
  let bytesRead = 0;
  async function assemble(request: BatchRequest, memory?: BatchMemory): Promise<Batch> {
    const before = threadWork.bytesRead;
    try {
      return await assembleBatch(dataset, request, recipe, memory);
    } finally {
      bytesRead += threadWork.bytesRead - before;
    }
  }
  function make(request: BatchRequest, memory?: BatchMemory): Promise<TakeBatch> {
    const mine = generation;
    const batch = last.then(() => (mine === generation ? assemble(request, memory) : Promise.reject(cancelledError())));
    last = batch.catch(() => {});
    return batch.then((made) => () => made);
  }
  function cancel(): void {
    generation += 1;
    last = Promise.resolve();
  }
  function recordWork(): () => LoaderSpan[] {
    threadWork.record(true);
    return () => {
      const { spans } = threadWork.take();
      threadWork.record(false);
      return spans.map((span) => ({ ...span, thread: "main thread" }));
    };
  }
  return { make, cancel, bytesRead: () => bytesRead, recordWork, close: async () => cancel() };
}
