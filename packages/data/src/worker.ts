import { parentPort, workerData } from "node:worker_threads";
import type { GraticuleError } from "@graticule/core";
import { assembleBatch, batchBuffers } from "./batch.js";
import { openDataset } from "./dataset.js";
import { threadWork } from "./thread-work.js";
import type { WorkerData, WorkerReply, WorkerRequest } from "./worker-messages.js";

/** Entry of the loader's worker threads: answers requests for batches one after the other. */
if (parentPort !== null) serve(parentPort, workerData as WorkerData);

function serve(port: NonNullable<typeof parentPort>, { dataset: spec, recipe, batches, isRecorded }: WorkerData): void {
  const dataset = openDataset(spec);
  const started = () => port.postMessage({ kind: "started" } satisfies WorkerReply);
  dataset.then(started, started);
  let waiting: Extract<WorkerRequest, { kind: "make" }>[] = [];
  let working: Promise<void> | undefined;

  async function answer({ id, request, memory }: Extract<WorkerRequest, { kind: "make" }>): Promise<void> {
    try {
      threadWork.record(Atomics.load(isRecorded, 0) === 1);
      const batch = await assembleBatch(await dataset, request, recipe, memory);
      batches.postMessage(batch, batchBuffers(batch));
      port.postMessage({ kind: "made", id, work: threadWork.take() } satisfies WorkerReply);
    } catch (caught) {
      const error = caught as GraticuleError;
      const { code, message, stack } = error;
      port.postMessage({ kind: "failed", id, error: { code, message, stack } } satisfies WorkerReply);
    }
  }

  async function work(): Promise<void> {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) await answer(task);
    working = undefined;
  }

  async function close(): Promise<void> {
    await working;
    try {
      await (await dataset).close?.();
    } catch {
      // It was never open, or the thread's end closes what is left.
    }
    port.postMessage({ kind: "closed" } satisfies WorkerReply);
  }

  port.on("message", (message: WorkerRequest) => {
    if (message.kind === "make") {
      waiting.push(message);
      working ??= work();
    } else waiting = [];
    if (message.kind === "close") void close();
  });
}
