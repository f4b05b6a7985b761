import { GraticuleError } from "@graticule/core";
import type { BatchRecipe, BatchRequest } from "./batch.js";
import { assembleBatch } from "./batch.js";
import type { TakeBatch } from "./batch-inbox.js";
import type { BatchMemory } from "./batch-memory.js";
import type { Dataset } from "./dataset.js";

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
  function make(request: BatchRequest, memory?: BatchMemory): Promise<TakeBatch> {
    const mine = generation;
    const batch = last.then(() =>
      mine === generation ? assembleBatch(dataset, request, recipe, memory) : Promise.reject(cancelledError()),
    );
    last = batch.catch(() => {});
    return batch.then((made) => () => made);
  }
  function cancel(): void {
    generation += 1;
    last = Promise.resolve();
  }
  return { make, cancel, close: async () => cancel() };
}
