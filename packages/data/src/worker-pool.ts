import { expectation, GraticuleError, type Logger } from "@graticule/core";
import type { BatchRequest } from "./batch.js";
import type { TakeBatch } from "./batch-inbox.js";
import { type BatchMaker, cancelledError, type LoaderSpan } from "./batch-maker.js";
import type { BatchMemory } from "./batch-memory.js";
import type { WorkerSetup } from "./worker-messages.js";
import { startWorkerThread, type Task, type WorkerLimits, type WorkerThread } from "./worker-thread.js";

export interface WorkerPoolOptions extends WorkerLimits {
  readonly numWorkers: number;
  readonly logger: Logger;
}

/** Threads that may end while they work on a batch: the first, and the fresh one that tries again. */
const ATTEMPTS = 2;

/**
 * Makes batches in worker threads, each request in the thread with the fewest open ones. Buffers are transferred,
 * not copied. Requests are posted at once, so the threads go on while the main thread computes a training step.
 *
 * A thread that crashes or hangs is replaced, and its batches are made by the new one. A batch whose second thread ends
 * as well rejects with a `GraticuleError` of code `GRATICULE_WORKER`; the other batches go on.
 */
export function makeWorkerPool(setup: WorkerSetup, options: WorkerPoolOptions): BatchMaker {
  let closed = false;
  let bytesRead = 0;
  let recorded: LoaderSpan[] | undefined;
  const isRecorded = new Int32Array(new SharedArrayBuffer(4));
  const threads: (WorkerThread | undefined)[] = Array.from({ length: options.numWorkers }, (_, place) => start(place));

  function start(place: number): WorkerThread {
    return startWorkerThread({ ...setup, isRecorded }, options, {
      onEnd: (reason, left, cause) => replace(place, reason, left, cause),
      onWork(work) {
        bytesRead += work.bytesRead;
        for (const span of work.spans) recorded?.push({ ...span, thread: `worker ${place + 1}` });
      },
    });
  }

  function replace(place: number, reason: string, left: Task[], cause?: Error): void {
    threads[place] = undefined; // A thread that has nothing to do is started again when it is needed.
    const [culprit, ...others] = left;
    if (culprit === undefined || closed) return;
    culprit.failures += 1;
    const what = describe(culprit.request, setup);
    if (culprit.failures < ATTEMPTS) {
      options.logger.warn(`loader worker: ${reason} while making ${what}. Trying again in a fresh worker.`);
      others.unshift(culprit);
    } else culprit.reject(workerError(what, reason, cause));
    for (const task of others) threadAt(place).make(task);
  }

  function threadAt(place: number): WorkerThread {
    threads[place] ??= start(place);
    return threads[place];
  }

  function make(request: BatchRequest, memory?: BatchMemory): Promise<TakeBatch> {
    if (closed) return Promise.reject(cancelledError());
    const open = threads.map((thread) => thread?.tasks.length ?? 0);
    const place = open.indexOf(Math.min(...open));
    return new Promise((resolve, reject) => threadAt(place).make({ request, memory, resolve, reject, failures: 0 }));
  }

  function cancel(): void {
    for (const thread of threads) {
      for (const { reject } of thread?.tasks ?? []) reject(cancelledError());
      thread?.cancel();
    }
  }

  async function close(): Promise<void> {
    closed = true;
    cancel();
    await Promise.all(threads.map((thread) => thread?.close()));
  }

  function recordWork(): () => LoaderSpan[] {
    recorded = [];
    Atomics.store(isRecorded, 0, 1);
    return () => {
      const spans = recorded ?? [];
      recorded = undefined;
      Atomics.store(isRecorded, 0, 0);
      return spans;
    };
  }

  return { make, cancel, bytesRead: () => bytesRead, recordWork, close };
}

function workerError(what: string, reason: string, cause: Error | undefined): GraticuleError {
  const advice = "Set numWorkers to 0 to see the failure in the main thread, or take these samples out.";
  const message = expectation("loader worker", what, `${reason}, in ${ATTEMPTS} workers one after the other`, advice);
  return new GraticuleError("GRATICULE_WORKER", message, { cause });
}

const NAMED_SAMPLES = 16;

/** The batch with its dataset and samples: `batch 8 of epoch 0 (samples 4, 7 of openImageFolder {"root":"scenes"})`. */
function describe({ epoch, start, indices }: BatchRequest, { dataset }: WorkerSetup): string {
  const samples = indices.slice(0, NAMED_SAMPLES).join(", ") + (indices.length > NAMED_SAMPLES ? ", …" : "");
  const options = JSON.stringify(dataset.options).slice(0, 200);
  return `the batch at sample ${start} of epoch ${epoch} (samples ${samples} of ${dataset.export} ${options})`;
}
