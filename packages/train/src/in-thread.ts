import { Worker, type WorkerOptions } from "node:worker_threads";
import type { CheckpointWork } from "./checkpoint-work.js";
import type { FileDigest } from "./durable-file.js";

/** Does a piece of work in a thread of its own; the memory of its slices, which must be arrays of their own, goes there. */
export function inThread(work: CheckpointWork): Promise<Record<string, FileDigest>> {
  const slices = work.kind === "write" ? work.files.flatMap((file) => [...(file.slices as Iterable<Uint8Array>)]) : [];
  const transferList = slices.map((slice) => slice.buffer as ArrayBuffer);
  return new Promise((resolve, reject) => {
    const thread = startThread({ workerData: work, transferList });
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`the writing thread ended with code ${code}`)));
  });
}

/** From a build the entry stands beside this file; from source it needs a TypeScript loader and the source condition. */
function startThread(options: WorkerOptions): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./checkpoint-thread.js", import.meta.url), { ...options, execArgv: [] });
  const execArgv = ["--conditions=@graticule/source"];
  return new Worker(new URL("./checkpoint-thread-from-source.mjs", import.meta.url), { ...options, execArgv });
}
