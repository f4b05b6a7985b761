import { FormatError } from "@graticule/core";
import { type Dataset, makeStatisticsCollector } from "../src/index.js";

interface NumberedOptions {
  readonly length: number;
  readonly corrupt?: readonly number[];
  readonly crash?: number;
  readonly misshapen?: number;
}

/** Sample i is a 2-channel 3 × 4 image of values near i; some indices misbehave on demand. */
export async function openNumbered({ length, corrupt = [], crash, misshapen }: NumberedOptions): Promise<Dataset> {
  makeStatisticsCollector(2); // The module resolves @graticule/core and its own package in worker threads too.
  return {
    length,
    schema: [
      { name: "first", mean: 1, std: 2 },
      { name: "second", mean: 0, std: 1 },
    ],
    async read(index) {
      if (index === crash) process.exit(7);
      if (corrupt.includes(index)) throw new FormatError(`sample-${index}`, "an image", "noise", "Remove it.");
      const width = index === misshapen ? 5 : 4;
      const pixels = Float32Array.from({ length: 6 * width }, (_, position) => index + position / 100);
      return { pixels, shape: [2, 3, width], label: index % 3, id: `sample-${index}` };
    },
  };
}

export async function openNothing(): Promise<Dataset> {
  throw new FormatError("nowhere", "a dataset", "nothing");
}
