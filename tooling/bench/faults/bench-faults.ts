import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { makeRandom } from "@graticule/core";
import { openBackend } from "@graticule/train";
import { type Fault, faultKinds } from "./fault-kinds.js";
import { weightDifference } from "./run-end.js";
import { type FaultOutcome, type FaultyRun, runWithFaults } from "./run-with-faults.js";

export interface FaultsOptions {
  readonly kills: number;
  readonly seed: number;
  /** Of operations between ranks. Units: seconds. */
  readonly deadline: number;
  readonly runs?: readonly Pick<FaultyRun, "layout" | "ranks">[];
  /** Where to say what became of each fault; nowhere unless given. */
  readonly log?: (line: string) => void;
  /** What faults are drawn from; every kind in every phase unless given. */
  readonly kinds?: readonly Fault[];
}

/** On the same ranks a run ends with the same bytes; where they change, sums have another order. */
const RUNS: NonNullable<FaultsOptions["runs"]> = [
  { layout: "ddp", ranks: [2] },
  { layout: "fsdp", ranks: [4] },
  { layout: "fsdp", ranks: [3, 2, 4] },
];

/** Largest difference between the weights of runs on other ranks, relative to the largest of a parameter. */
const OTHER_RANKS_TOLERANCE = 1e-4;

/**
 * Trains small runs that faults strike again and again, resumes each, and compares what they end with to undisturbed ones.
 * `wrong` is empty if every job ended in time with its cause named, left whole checkpoints only, and the ends are the same.
 */
export async function benchFaults(options: FaultsOptions): Promise<Record<string, unknown>> {
  const { kills, seed, deadline, runs = RUNS, kinds = faultKinds, log = () => {} } = options;
  await openBackend({ name: "cpu", device: "cpu", precision: "fp32", threads: 1 });
  const folder = mkdtempSync(join(tmpdir(), "graticule-faults-"));
  const outcomes: FaultOutcome[] = [];
  const ends: Record<string, unknown>[] = [];
  const wrong: string[] = [];
  const all = drawFaults(kills, kinds, seed);
  try {
    for (const [index, { layout, ranks }] of runs.entries()) {
      const faults = all.filter((_, at) => at % runs.length === index);
      const name = `${layout} on ${ranks.join(", ")} ranks`;
      const onOutcome = ({ fault, ranks, seconds, wrong }: FaultOutcome): void =>
        log(`${name}: ${fault} of ${ranks}, ${seconds.toFixed(1)} s ${wrong.length > 0 ? wrong.join("; ") : "ok"}`);
      const run: FaultyRun = { layout, ranks, faults, deadlineSeconds: deadline, onOutcome };
      const random = makeRandom(seed, "faults", index);
      const struck = await runWithFaults(join(folder, `${index}`), run, random);
      // As long, on as many ranks as the struck run ended with, in one job.
      const plainRun = { ...run, ranks: [ranks[faults.length % ranks.length] as number], faults: [] };
      const plain = await runWithFaults(join(folder, `${index}-plain`), plainRun, random, faults.length);
      outcomes.push(...struck.outcomes);
      for (const { fault, wrong: each } of [...struck.outcomes, ...plain.outcomes])
        wrong.push(...each.map((text) => `${name}, ${fault}: ${text}`));
      if (!struck.end || !plain.end) {
        wrong.push(`${name}: no end to compare`);
        continue;
      }
      const sameBytes = isDeepStrictEqual(struck.end.files, plain.end.files);
      const difference = weightDifference(plain.end, struck.end);
      if (ranks.length === 1 ? !sameBytes : !(difference < OTHER_RANKS_TOLERANCE))
        wrong.push(`${name}: ends with other weights, by ${difference}`);
      ends.push({ run: name, faults: faults.length, steps: struck.end.step, sameBytes, weightDifference: difference });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const struck = outcomes.filter(({ fault }) => fault !== "none");
  const names = [...new Set(struck.map(({ fault }) => fault))].sort();
  return {
    bench: "faults",
    seed,
    deadlineSeconds: deadline,
    faults: struck.length,
    ends,
    /** How often, and the longest that a job took to end. */
    kinds: Object.fromEntries(
      names.map((name) => {
        const seconds = struck.flatMap((each) => (each.fault === name ? [each.seconds] : []));
        return [name, { times: seconds.length, mostSeconds: Math.round(10 * Math.max(...seconds)) / 10 }];
      }),
    ),
    wrong,
  };
}

/** Every kind once before any comes again, in random order. */
function drawFaults(count: number, kinds: readonly Fault[], seed: number): Fault[] {
  const faults: Fault[] = [];
  for (let round = 0; faults.length < count; round++)
    for (const at of makeRandom(seed, "kinds", round).permutation(kinds.length)) faults.push(kinds[at] as Fault);
  return faults.slice(0, count);
}
