import type { MessagePort } from "node:worker_threads";
import type { BatchRecipe, BatchRequest } from "./batch.js";
import type { BatchMemory } from "./batch-memory.js";
import type { DatasetSpec } from "./dataset.js";
import type { ThreadWork } from "./thread-work.js";

/** What a worker thread is started with. */
export interface WorkerSetup {
  readonly dataset: DatasetSpec;
  readonly recipe: BatchRecipe;
}

/** The setup as the thread gets it. */
export interface WorkerData extends WorkerSetup {
  /** Takes each batch, with its buffers, before the reply that it is made. */
  readonly batches: MessagePort;
  /** 1 in shared memory while the thread's work is to be recorded: a thread that is busy hears of no message. */
  readonly isRecorded: Int32Array;
}

/** From the loader: make a batch, in memory that is transferred; drop every batch that isn't started; close the dataset after the one in work. */
export type WorkerRequest =
  | {
      readonly kind: "make";
      readonly id: number;
      readonly request: BatchRequest;
      readonly memory: BatchMemory | undefined;
    }
  | { readonly kind: "cancel" }
  | { readonly kind: "close" };

/** From the worker: its dataset is open, or failed to; it is closed; the batch is in its port, or why there is none. */
export type WorkerReply =
  | { readonly kind: "started" }
  | { readonly kind: "closed" }
  | { readonly kind: "made"; readonly id: number; readonly work: ThreadWork }
  | {
      readonly kind: "failed";
      readonly id: number;
      readonly error: {
        readonly code: string | undefined;
        readonly message: string;
        readonly stack: string | undefined;
      };
    };
