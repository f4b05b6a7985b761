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
