// Trains tiny models on one rank and spread over several, and reports how far apart they come out. Argument: settings.
import { join } from "node:path";
import { closeMpi, openMpi } from "@graticule/mpi";
import {
  type Case,
  compare,
  type Difference,
  type Outcome,
  readOutcome,
  trainAlone,
  trainOn,
} from "../fixtures/compare-runs.js";
import { drawCase } from "../fixtures/drawn-case.js";
import { type Layout, layoutsOf, nameOf } from "../fixtures/layouts.js";
import { onFirstRanks } from "../fixtures/rank-cases.js";
import { reportFromRanks } from "../fixtures/rank-reports.js";
import type { TinyName } from "../fixtures/tiny-models.js";
import { openTorch } from "../fixtures/tiny-training.js";

export interface MatrixSettings {
  /** An empty folder for runs. */
  readonly folder: string;
  readonly models: readonly TinyName[];
  /** Numbers of ranks to spread a model over in every way, each at most the job's. */
  readonly ranks: readonly number[];
  readonly precision: "fp32" | "bf16";
  /** Also models of odd sizes spread over all ranks, drawn from seeds: from the first on, so many. */
  readonly drawn?: readonly [first: number, count: number];
}

/** How far a run on several ranks is from that on one. */
export interface MatrixRow extends Difference {
  readonly model: string;
  readonly ranks: number;
  readonly layout: string;
  /** In bf16: how far one rank's run is from the one in fp32. */
  readonly rounding?: Difference;
}

const { folder, models, ranks, precision, drawn = [0, 0] } = JSON.parse(process.argv[2] as string) as MatrixSettings;
const world = openMpi({ timeoutSeconds: 120 });
const rows: MatrixRow[] = [];
let runs = 0; // the same on all ranks, as they name a run's folder alike
let runsAlone = 0;

/** What one rank gives in this precision, and how far that is from float32. Rank 0 alone. */
async function reference(each: Case, options: { totalSteps: number; gradAccumSteps: number }) {
  const inFull = await trainAlone(each, join(folder, `alone-${runsAlone++}`), options);
  if (precision === "fp32") return { expected: inFull };
  await openTorch(precision);
  const expected = await trainAlone(each, join(folder, `alone-${runsAlone++}`), options);
  return { expected, rounding: compare(expected, inFull) };
}

async function runCase(each: Case, layouts: readonly (readonly [number, Layout])[], model: string): Promise<void> {
  const options = { totalSteps: 3, gradAccumSteps: each.name === "mae" ? 2 : 1 };
  await openTorch();
  const alone = world.rank === 0 ? await reference(each, options) : undefined;
  await openTorch(precision);
  async function check(size: number, layout: string, outcome: () => Promise<Outcome>): Promise<void> {
    world.barrier();
    if (!alone) return;
    const { expected, ...rounding } = alone;
    rows.push({ model, ranks: size, layout, ...compare(await outcome(), expected), ...rounding });
  }
  for (const [size, layout] of layouts) {
    const runFolder = join(folder, `run-${runs++}`);
    await onFirstRanks(world, size, (part) => trainOn(part, each, layout, runFolder, options));
    await check(size, nameOf(layout, size), () => readOutcome(each, runFolder, options.totalSteps));
  }
}

/** From mesh to mesh by checkpoints, and from and to one rank. */
async function resumeCase(each: Case): Promise<void> {
  const isGrouped = each.name === "channel groups" || each.name === "hyperspectral";
  const options = { totalSteps: 4, gradAccumSteps: 1 };
  const runFolder = join(folder, `resumed-${runs++}`);
  const expected = world.rank === 0 ? await trainAlone(each, join(folder, `alone-${runsAlone++}`), options) : undefined;
  if (expected) await trainAlone(each, runFolder, { ...options, totalSteps: 1 });
  world.barrier();
  const whole: Layout = { sizes: { fsdp: world.size }, divided: [], sharding: "FULL_SHARD" };
  const mixed: Layout = {
    sizes: { fsdp: world.size / 2, tp: 2 },
    divided: isGrouped ? ["dchag", "tp", "sp"] : ["tp", "sp"],
    sharding: "FULL_SHARD",
  };
  await trainOn(world, each, whole, runFolder, { ...options, resume: true, totalSteps: 2 });
  await trainOn(world, each, mixed, runFolder, { ...options, resume: true, totalSteps: 3 });
  if (expected) {
    await trainAlone(each, runFolder, { ...options, resume: true });
    const layout = `checkpoints: 1 rank → ${nameOf(whole, world.size)} → ${nameOf(mixed, world.size)} → 1 rank`;
    rows.push({
      model: each.name,
      ranks: world.size,
      layout,
      ...compare(await readOutcome(each, runFolder, 4), expected),
    });
  }
  world.barrier();
}

for (const name of models) {
  const layouts = ranks.flatMap((size) => layoutsOf(name, size).map((layout) => [size, layout] as const));
  await runCase({ name }, layouts, name);
  if (precision === "fp32" && world.size > 2) await resumeCase({ name });
}
for (let seed = drawn[0]; seed < drawn[0] + drawn[1]; seed++) {
  const { each, layout } = drawCase(seed, world.size);
  await runCase(each, [[world.size, layout]], `seed ${seed}: ${JSON.stringify(each)}`);
}
reportFromRanks(world, rows);
closeMpi();
