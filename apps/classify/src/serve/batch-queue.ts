export interface BatchQueueOptions<Item, Result> {
  /** Items that are run together at most. */
  readonly batchSize: number;
  /** How long the first of a batch waits for others. Units: milliseconds. */
  readonly maxWaitMs: number;
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

export function makeBatchQueue<Item, Result>(options: BatchQueueOptions<Item, Result>): BatchQueue<Item, Result> {
  const { batchSize, maxWaitMs, run } = options;
  const waiting: Waiting<Item, Result>[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let batches = 0;

  async function runWaiting(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running = true;
    // Those that came while a batch ran have waited long enough.
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchSize);
      batches += 1;
      try {
        const results = await run(batch.map(({ item }) => item));
        for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (running) return;
        if (waiting.length >= batchSize) void runWaiting();
        else timer ??= setTimeout(() => void runWaiting(), maxWaitMs);
      }),
    get batches() {
      return batches;
    },
  };
}
