import { MessageChannel, Worker } from "node:worker_threads";
import { GraticuleError } from "@graticule/core";
import type { BatchRequest } from "./batch.js";
import { makeBatchInbox, type TakeBatch } from "./batch-inbox.js";
import { type BatchMemory, memoryBuffers } from "./batch-memory.js";
import type { ThreadWork } from "./thread-work.js";
import type { WorkerData, WorkerReply, WorkerRequest, WorkerSetup } from "./worker-messages.js";

/** A batch that is asked for, until it is there or can't be. */
export interface Task {
  readonly request: BatchRequest;
  /** Goes to the first thread that gets the task. */
  memory: BatchMemory | undefined;
  readonly resolve: (take: TakeBatch) => void;
  readonly reject: (error: Error) => void;
  /** Threads that ended while they worked on it. */
  failures: number;
}

export interface WorkerLimits {
  /** Longest time that a thread may take for one batch; Infinity for no limit. Units: seconds. */
  readonly batchTimeoutSeconds: number;
  /** Largest JavaScript heap of a thread; V8's own limit if undefined. Units: MiB. */
  readonly workerHeapMB: number | undefined;
}

/** Longest time that a thread has to finish its batch and to close its dataset. */
const CLOSE_SECONDS = 2;

/** Least time that a thread has to load its code and open its dataset. */
const START_SECONDS = 60;

/** One thread, which answers its tasks in the order in which it got them. */
export interface WorkerThread {
  /** Tasks without an answer yet; the first is the one in work. */
  readonly tasks: readonly Task[];
  make(task: Task): void;
  /** Forgets every task; the one in work goes on, and nobody hears of it. */
  cancel(): void;
  /** Closes the thread's dataset, within a few seconds, and ends the thread. */
  close(): Promise<void>;
}

/** What a thread's owner hears of. */
export interface ThreadEvents {
  /**
   * Called at most once, when the thread is gone without `close` (it crashed, or took longer than the limit for a batch and
   * was ended): with the reason and the tasks that it leaves, the one it worked on first.
   */
  onEnd(reason: string, left: Task[], cause?: Error): void;
  /** Called with each batch, before it is taken. */
  onWork(work: ThreadWork): void;
}

/** Starts a thread. */
export function startWorkerThread(
  setup: WorkerSetup & Pick<WorkerData, "isRecorded">,
  { batchTimeoutSeconds, workerHeapMB }: WorkerLimits,
  { onEnd, onWork }: ThreadEvents,
): WorkerThread {
  const { port1: port, port2: batches } = new MessageChannel();
  const worker = startWorker({ ...setup, batches }, workerHeapMB);
  const inbox = makeBatchInbox(port);
  const tasks = new Map<number, Task>();
  let nextId = 0;
  let ended = false;
  let startSeconds = START_SECONDS;
  let deadline: NodeJS.Timeout | undefined;
  worker.unref(); // Only a batch that is awaited keeps the process alive.

  function end(reason: string, cause?: Error): void {
    if (ended) return;
    ended = true;
    closeInbox();
    onEnd(reason, [...tasks.values()], cause);
  }

  /** Made batches can be taken as before. */
  function closeInbox(): void {
    clearTimeout(deadline);
    inbox.takeAll();
    port.close();
  }

  /** Starts the clock of the task in work, which is the first. */
  function watch(): void {
    clearTimeout(deadline);
    const [first] = tasks.keys();
    if (first === undefined || batchTimeoutSeconds === Infinity) return;
    const seconds = Math.max(batchTimeoutSeconds, startSeconds);
    deadline = setTimeout(() => afterMessages(() => expire(first, seconds)), seconds * 1000);
  }

  function expire(id: number, seconds: number): void {
    if (ended || !tasks.has(id)) return;
    end(`no answer within ${seconds} s`);
    void worker.terminate(); // Not awaited: native code that hangs never lets go.
  }

  worker.on("message", (reply: WorkerReply) => {
    if (reply.kind === "closed" || ended) return;
    if (reply.kind === "started") {
      startSeconds = 0;
      return watch();
    }
    if (reply.kind === "made") onWork(reply.work);
    const take = reply.kind === "made" && inbox.arrived();
    const task = tasks.get(reply.id);
    if (task === undefined) return inbox.takeAll(); // Nobody wants what was made before a cancel.
    tasks.delete(reply.id);
    if (tasks.size === 0) worker.unref();
    watch();
    if (take) task.resolve(take);
    else if (reply.kind === "failed") task.reject(reviveError(reply.error));
  });
  worker.on("error", (error: Error) => end(error.message, error));
  worker.on("messageerror", (error: Error) => end(error.message, error));
  worker.on("exit", (code) => end(`exit code ${code}`));

  return {
    get tasks() {
      return [...tasks.values()];
    },
    make(task) {
      const id = nextId++;
      tasks.set(id, task);
      if (tasks.size === 1) watch();
      worker.ref();
      const { request, memory } = task;
      task.memory = undefined;
      worker.postMessage(
        { kind: "make", id, request, memory } satisfies WorkerRequest,
        memory && memoryBuffers(memory),
      );
    },
    cancel() {
      tasks.clear();
      clearTimeout(deadline);
      inbox.takeAll();
      worker.unref();
      worker.postMessage({ kind: "cancel" } satisfies WorkerRequest);
    },
    async close() {
      const isOpen = startSeconds === 0;
      if (!ended && isOpen) await closeDataset(worker);
      ended = true;
      closeInbox();
      await worker.terminate();
    },
  };
}

/** Has the thread close its dataset; one that is busy for too long, or gone, is not waited for. */
function closeDataset(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CLOSE_SECONDS * 1000);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    worker.on("message", (reply: WorkerReply) => {
      if (reply.kind === "closed") done();
    });
    worker.once("error", done);
    worker.once("exit", done);
    worker.postMessage({ kind: "close" } satisfies WorkerRequest);
  });
}

/**
 * Runs `f` after messages that have already arrived: where a training step held the event loop for longer than the
 * limit, timers come first and the answer waits behind them.
 */
function afterMessages(f: () => void): void {
  setImmediate(() => setTimeout(() => setImmediate(f), 0));
}

/** From a build the entry stands beside this file; from source it needs a TypeScript loader and the source condition. */
function startWorker(workerData: WorkerData, workerHeapMB: number | undefined): Worker {
  const limits = workerHeapMB === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: workerHeapMB } };
  const options = { workerData, transferList: [workerData.batches], ...limits };
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./worker.js", import.meta.url), { ...options, execArgv: [] });
  const execArgv = ["--conditions=@graticule/source"];
  return new Worker(new URL("./worker-from-source.mjs", import.meta.url), { ...options, execArgv });
}

function reviveError({ code, message, stack }: Extract<WorkerReply, { kind: "failed" }>["error"]): Error {
  const error = code === undefined ? new Error(message) : new GraticuleError(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
