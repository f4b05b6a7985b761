import { parentPort, workerData } from "node:worker_threads";
import type { GraticuleError } from "@graticule/core";
import { assembleBatch, batchBuffers } from "./batch.js";
import { openDataset } from "./dataset.js";
import type { WorkerReply, WorkerRequest, WorkerSetup } from "./worker-messages.js";

/** Entry of the loader's worker threads: answers requests for batches one after the other. */
if (parentPort !== null) serve(parentPort, workerData as WorkerSetup);

function serve(port: NonNullable<typeof parentPort>, { dataset: spec, recipe }: WorkerSetup): void {
  const dataset = openDataset(spec);
  const started = () => port.postMessage({ kind: "started" } satisfies WorkerReply);
  dataset.then(started, started);
  let waiting: Extract<WorkerRequest, { kind: "make" }>[] = [];
  let working: Promise<void> | undefined;

  async function answer({ id, request, memory }: Extract<WorkerRequest, { kind: "make" }>): Promise<void> {
    try {
      const batch = await assembleBatch(await dataset, request, recipe, memory);
      const reply: WorkerReply = { id, batch };
      port.postMessage(reply, batchBuffers(batch));
    } catch (caught) {
      const error = caught as GraticuleError;
      const reply: WorkerReply = { id, error: { code: error.code, message: error.message, stack: error.stack } };
      port.postMessage(reply);
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
