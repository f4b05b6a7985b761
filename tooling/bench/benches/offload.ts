import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { median } from "../harness/median.js";
import type { Measured } from "../harness/run-json.js";
import { runOnRanks } from "../harness/run-on-ranks.js";
import type { Settings } from "../harness/sides.js";

export interface OffloadOptions extends Settings {
  readonly ranks: number;
  readonly folder: string;
  readonly pairs: number;
}

/** Of each shard in a step: read for both passes and, with two moments, for the update, which writes all three. */
const SHARDS_READ = 5;
const SHARDS_WRITTEN = 3;

/**
 * A FULL_SHARD step of a ViT-MAE with float32 shards and moments in memory and on the disk, in turn: seconds, bytes of the
 * rank that holds most, and the seconds that the disk alone would need for what is moved, by its speed in the same pair.
 */
export async function benchOffload(options: OffloadOptions): Promise<Record<string, unknown>> {
  const { model, batch, dtype, threads, steps, ranks, pairs } = options;
  const settings = { model, batch, dtype, threads, steps, warmupSteps: 1, layouts: ["FULL_SHARD"] };
  const folder = mkdtempSync(join(options.folder, "offload-"));
  try {
    const runs: { memory: Measured; disk: Measured; read: number; write: number }[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const [memory, disk] = [await run(ranks, settings), await run(ranks, { ...settings, offloadFolder: folder })];
      runs.push({ memory, disk, ...diskSpeed(folder) });
    }
    const of = (pick: (each: (typeof runs)[number]) => number): number => median(runs.map(pick));
    const shardBytes = of(({ disk }) => disk.shardBytes as number);
    const side = (name: "memory" | "disk") => ({
      secondsPerStep: of((each) => each[name].secondsPerStep as number),
      peakBytes: of((each) => each[name].peakBytes as number),
      peakRssBytes: of((each) => each[name].peakRssBytes as number),
    });
    return {
      bench: "offload",
      ...settings,
      ranks,
      pairs,
      stateBytesPerRank: 4 * shardBytes,
      memory: side("memory"),
      disk: side("disk"),
      slowdown: of(({ memory, disk }) => (disk.secondsPerStep as number) / (memory.secondsPerStep as number)),
      extraSeconds: of(({ memory, disk }) => (disk.secondsPerStep as number) - (memory.secondsPerStep as number)),
      diskSeconds: of(({ read, write }) => ranks * shardBytes * (SHARDS_READ / read + SHARDS_WRITTEN / write)),
      diskBytesPerSecond: { read: of(({ read }) => read), write: of(({ write }) => write) },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(ranks: number, settings: object): Promise<Measured> {
  return (await runOnRanks("fsdp", ranks, settings)).FULL_SHARD as Measured;
}

const MEGABYTES = 512;

/** Sequential speed of the disk past the page cache, by dd. Units: bytes per second. */
function diskSpeed(folder: string): { readonly read: number; readonly write: number } {
  const file = join(folder, "speed");
  const dd = (...args: string[]): number => {
    const start = performance.now();
    execFileSync("dd", [...args, "bs=8M", "status=none"]);
    return (MEGABYTES * 2 ** 20) / ((performance.now() - start) / 1000);
  };
  const write = dd("if=/dev/zero", `of=${file}`, `count=${MEGABYTES / 8}`, "oflag=direct");
  const read = dd(`if=${file}`, "of=/dev/null", "iflag=direct");
  rmSync(file);
  return { read, write };
}
