import { Worker } from "node:worker_threads";
import { GraticuleError } from "@graticule/core";
import type { Batch, BatchRequest } from "./batch.js";
import { type BatchMaker, cancelledError } from "./batch-maker.js";
import type { WorkerReply, WorkerRequest, WorkerSetup } from "./worker-messages.js";

interface Pending {
  readonly resolve: (batch: Batch) => void;
  readonly reject: (error: Error) => void;
}

interface Member {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

/**
 * Makes batches in worker threads, each request in the thread with the fewest open ones. Buffers are transferred,
 * not copied. Requests are posted at once, so the threads go on while the main thread computes a training step.
 *
 * Batches reject with a `GraticuleError` of code `GRATICULE_WORKER` once a thread has died.
 */
export function makeWorkerPool(setup: WorkerSetup, numWorkers: number): BatchMaker {
  let failure: Error | undefined;
  let nextId = 0;
  const members: Member[] = Array.from({ length: numWorkers }, startMember);

  function startMember(): Member {
    const member: Member = { worker: startWorker(setup), pending: new Map() };
    const { worker, pending } = member;
    worker.unref();
    worker.on("message", (reply: WorkerReply) => {
      const open = pending.get(reply.id);
      pending.delete(reply.id);
      if (pending.size === 0) worker.unref();
      if ("batch" in reply) open?.resolve(reply.batch);
      else open?.reject(reviveError(reply.error));
    });
    worker.on("error", (error: Error) => fail(error.message, error));
    worker.on("messageerror", (error: Error) => fail(error.message, error));
    worker.on("exit", (code) => fail(`exit code ${code}`));
    return member;
  }

  function fail(reason: string, cause?: Error): void {
    failure ??= new GraticuleError(
      "GRATICULE_WORKER",
      `loader worker: expected to run until close, got ${reason}. Set numWorkers to 0 to see the failure in the main thread.`,
      { cause },
    );
    for (const { pending } of members) {
      for (const { reject } of pending.values()) reject(failure);
      pending.clear();
    }
  }

  function make(request: BatchRequest): Promise<Batch> {
    if (failure !== undefined) return Promise.reject(failure);
    const member = members.reduce((least, other) => (other.pending.size < least.pending.size ? other : least));
    const id = nextId++;
    return new Promise((resolve, reject) => {
      member.pending.set(id, { resolve, reject });
      member.worker.ref();
      const message: WorkerRequest = { kind: "make", id, request };
      member.worker.postMessage(message);
    });
  }

  function cancel(): void {
    const message: WorkerRequest = { kind: "cancel" };
    for (const { worker, pending } of members) {
      for (const { reject } of pending.values()) reject(cancelledError());
      pending.clear();
      worker.unref();
      worker.postMessage(message);
    }
  }

  async function close(): Promise<void> {
    failure ??= cancelledError();
    cancel();
    await Promise.all(members.map(({ worker }) => worker.terminate()));
  }

  return { make, cancel, close };
}

/** From a build the entry stands beside this file; from source it needs a TypeScript loader and the source condition. */
function startWorker(workerData: WorkerSetup): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./worker.js", import.meta.url), { workerData, execArgv: [] });
  const execArgv = ["--conditions=@graticule/source"];
  return new Worker(new URL("./worker-from-source.mjs", import.meta.url), { workerData, execArgv });
}

function reviveError({ code, message, stack }: Extract<WorkerReply, { error: unknown }>["error"]): Error {
  const error = code === undefined ? new Error(message) : new GraticuleError(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
