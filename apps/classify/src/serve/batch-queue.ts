export interface BatchQueueOptions<Item, Result> {
  /** Items that are run together at most. */
  readonly batchSize: number;
  /** How long the first of a batch waits for others. Units: milliseconds. */
  readonly maxWaitMs: number;
  /** Whether others are so near that it waits for them as well. */
  readonly areMoreNear: () => boolean;
  /** Runs a batch; gives a result for each item, in their order. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
}

/** Gathers items that come within a short time and runs them together, one batch after the other. */
export interface BatchQueue<Item, Result> {
  /** Rejects with what `run` rejected with. */
  submit(item: Item): Promise<Result>;
  /** Batches that were run. */
  readonly batches: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Makes a queue. While a batch runs nothing else may get to run, so that those behind it wait for others anew. */
export function makeBatchQueue<Item, Result>(options: BatchQueueOptions<Item, Result>): BatchQueue<Item, Result> {
  const { batchSize, maxWaitMs, run } = options;
  const waiting: Waiting<Item, Result>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let batches = 0;

  async function runBatch(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running = true;
    const batch = waiting.splice(0, batchSize);
    batches += 1;
    try {
      const results = await run(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    running = false;
    schedule();
  }

  function schedule(): void {
    if (running || waiting.length === 0) return;
    if (waiting.length >= batchSize) void runBatch();
    else timer ??= setTimeout(endWait, maxWaitMs);
  }

  function endWait(): void {
    timer = undefined;
    if (options.areMoreNear()) schedule();
    else void runBatch();
  }

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        schedule();
      }),
    get batches() {
      return batches;
    },
  };
}
