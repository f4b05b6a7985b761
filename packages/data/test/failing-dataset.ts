import { appendFileSync, existsSync, statSync } from "node:fs";
import type { Dataset } from "../src/index.js";

interface FailingOptions {
  readonly length: number;
  /** Reading this sample fails, as often as `times` says, counted over all threads in the file `count`. */
  readonly at: number;
  readonly times: number;
  readonly count: string;
  readonly how: keyof typeof FAILURES;
}

const FAILURES = {
  exit: () => process.exit(7),
  uncaught: () => {
    setTimeout(() => {
      throw new Error("thrown where nothing catches it");
    });
    return new Promise(() => {});
  },
  heap: () => {
    const hoard: number[][] = [];
    for (;;) hoard.push(new Array(10_000).fill(hoard.length));
  },
  stall: () => new Promise(() => {}),
  spin: () => {
    for (;;);
  },
};

interface ClosingOptions {
  readonly length: number;
  /** File to which each thread that closes the dataset adds a line: the samples that it read. */
  readonly log: string;
}

/** Sample i is one pixel of value i; tells who closes it. */
export async function openClosing({ length, log }: ClosingOptions): Promise<Dataset> {
  let reads = 0;
  return {
    length,
    schema: [{ name: "only" }],
    async read(index) {
      reads += 1;
      return { pixels: Float32Array.of(index), shape: [1, 1, 1], id: `sample-${index}` };
    },
    async close() {
      appendFileSync(log, `${reads}\n`);
    },
  };
}

/** Sample i is one pixel of value i, unless reading it ends or blocks the thread. */
export async function openFailing({ length, at, times, count, how }: FailingOptions): Promise<Dataset> {
  return {
    length,
    schema: [{ name: "only" }],
    async read(index) {
      if (index === at && (existsSync(count) ? statSync(count).size : 0) < times) {
        appendFileSync(count, "x");
        await FAILURES[how]();
      }
      return { pixels: Float32Array.of(index), shape: [1, 1, 1], id: `sample-${index}` };
    },
  };
}
