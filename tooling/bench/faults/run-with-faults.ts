import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "@graticule/core";
import { listCheckpoints, verifyCheckpoint } from "@graticule/train";
import { damage, damages, type Fault } from "./fault-kinds.js";
import type { JobSettings } from "./job.js";
import { type RunEnd, readEnd } from "./run-end.js";
import { finishJob, strikeJob } from "./struck-job.js";

export interface FaultyRun {
  readonly layout: JobSettings["layout"];
  /** Of the run's jobs, in turn. */
  readonly ranks: readonly number[];
  readonly faults: readonly Fault[];
  readonly deadlineSeconds: number;
  /** Told of each fault once its job has ended. */
  readonly onOutcome: (outcome: FaultOutcome) => void;
}

/** What became of one fault; of none, the job that trains to the end. */
export interface FaultOutcome {
  readonly fault: string;
  readonly ranks: number;
  /** From the fault to the job's end. */
  readonly seconds: number;
  /** What was not as it has to be. */
  readonly wrong: readonly string[];
}

/** Ten for each fault: none gets as far as the end. */
const STEPS_PER_FAULT = 10;

function jobSettings(folder: string, { layout, deadlineSeconds }: FaultyRun, length: number): JobSettings {
  return {
    runFolder: join(folder, "run"),
    notes: join(folder, "notes"),
    layout,
    totalSteps: STEPS_PER_FAULT * (length + 1),
    saveEverySteps: 3,
    evaluateEverySteps: 4,
    deadlineSeconds,
  };
}

/**
 * Trains to the end: a job for each fault, and one more. The run folder is a small file system of its own where that can be
 * mounted, so that it can be full; elsewhere files can't grow beyond a limit.
 *
 * @param length the number of faults that the run is long enough for
 */
export async function runWithFaults(
  folder: string,
  run: FaultyRun,
  random: Random,
  length = run.faults.length,
): Promise<{ outcomes: FaultOutcome[]; end: RunEnd | undefined }> {
  const settings = jobSettings(folder, run, length);
  const { runFolder } = settings;
  mkdirSync(runFolder, { recursive: true });
  const isMounted = mountSmall(runFolder);
  const outcomes: FaultOutcome[] = [];
  let damaged: readonly string[] = [];
  try {
    for (let index = 0; index <= run.faults.length; index++) {
      const fault = run.faults[index];
      const ranks = run.ranks[index % run.ranks.length] as number;
      const newest = (await listCheckpoints(runFolder))[0]?.path;
      const { seconds, said, wrong, hasBegun } = fault
        ? await strikeJob(settings, ranks, fault, random, isMounted)
        : await finishJob(settings, ranks);
      if (newest && damaged.includes(newest) && hasBegun && !said.includes(`skipping checkpoint ${newest}: `))
        wrong.push(`did not say that it skips ${newest}`);
      const { whole, broken } = await sortCheckpoints(runFolder);
      for (const [path, message] of broken)
        if (!damaged.includes(path)) wrong.push(`left a checkpoint that is not whole: ${message}`);
      damaged = damaged.filter((path) => broken.has(path));
      if (fault && damages(fault.kind)) {
        const [first, second] = whole;
        if (first === undefined || second === undefined)
          wrong.push(`had ${whole.length} checkpoints, one to damage and one to keep`);
        else {
          damage(first, fault.kind);
          damaged = [...damaged, first];
        }
      }
      const outcome = { fault: fault ? `${fault.kind} in ${fault.phase}` : "none", ranks, seconds, wrong };
      outcomes.push(outcome);
      run.onOutcome(outcome);
    }
    return { outcomes, end: await readEnd(runFolder).catch(() => undefined) };
  } finally {
    // At once for us, for a rank that is still dying when that has closed its files.
    if (isMounted) execFileSync("umount", ["--lazy", runFolder]);
  }
}

/** Only root may, and not in every container. */
function mountSmall(folder: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** The checkpoints that have their names: newest first those that are whole, and what is wrong with the others. */
async function sortCheckpoints(runFolder: string): Promise<{ whole: string[]; broken: Map<string, string> }> {
  const whole: string[] = [];
  const broken = new Map<string, string>();
  for (const { path } of await listCheckpoints(runFolder))
    await verifyCheckpoint(path).then(
      () => whole.push(path),
      (error: Error) => broken.set(path, error.message),
    );
  return { whole, broken };
}
