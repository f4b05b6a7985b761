import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset, packDataset, packedShardsSpec } from "@graticule/data";
import { benchDataset } from "../data/data-case.js";
import { median, medians, rounded } from "../harness/median.js";
import { runInTurn } from "../harness/run-in-turn.js";
import type { Measured } from "../harness/run-json.js";
import { ourSide } from "../harness/sides.js";

export interface OwnChannelsOptions {
  /** C of a record. */
  readonly channels: number;
  /** Ranks among which the channels are divided; of each number the first rank reads. */
  readonly tp: readonly number[];
  readonly workers: number;
  readonly pairs: number;
}

/** The grid of ClimaX's pretraining at 5.625°. */
const [HEIGHT, WIDTH] = [32, 64];
const RECORDS = 128;
const REPEATS = 8;
const BATCH = 8;

/**
 * What a rank of D-CHAG reads of a bf16 weather store, and how fast, beside a process that reads all channels, in turns, from
 * the page cache.
 */
export async function benchOwnChannels(options: OwnChannelsOptions): Promise<Record<string, unknown>> {
  const { channels, tp, workers, pairs } = options;
  const folder = await mkdtemp(join(tmpdir(), "graticule-bench-"));
  try {
    const store = join(folder, "store");
    const noise = await openDataset(benchDataset("openNoise", { length: RECORDS, shape: [channels, HEIGHT, WIDTH] }));
    await packDataset(noise, store, { dtype: "bf16", onCorrupt: "fail" });
    const sides = [1, ...tp].map((ranks) => {
      const own = Array.from({ length: Math.ceil(channels / ranks) }, (_, channel) => channel);
      const spec = { ...packedShardsSpec({ folder: store }), channels: own };
      const dataset = benchDataset("openRepeated", { dataset: spec, repeats: REPEATS });
      const sampleBytes = 2 * own.length * HEIGHT * WIDTH;
      return ourSide("data", { dataset, transforms: [], batch: BATCH, workers, sampleBytes }, `${ranks}`);
    });
    const { of, loadAverage } = await runInTurn(sides, pairs);
    const whole = of.get("1") as readonly Measured[];
    const parts = tp.map((ranks) => {
      const runs = of.get(`${ranks}`) as readonly Measured[];
      const ratio = (name: string, to: (own: number, all: number) => number): number =>
        rounded(median(runs.map((run, pair) => to(run[name] as number, (whole[pair] as Measured)[name] as number))));
      const readShare = ratio("bytesReadPerSample", (own, all) => own / all);
      const speedup = ratio("samplesPerSecond", (own, all) => own / all);
      return [ranks, { ...medians(runs), readShare, speedup }];
    });
    const heading = {
      bench: "own-channels",
      channels,
      grid: [HEIGHT, WIDTH],
      dtype: "bf16",
      workers,
      pairs,
      loadAverage,
    };
    return { ...heading, whole: medians(whole), tp: Object.fromEntries(parts) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
