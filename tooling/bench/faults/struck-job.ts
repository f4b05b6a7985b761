import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Random } from "@graticule/core";
import { causes, clearDisk, type Fault, signal, strike } from "./fault-kinds.js";
import { type JobSettings, startJob } from "./job.js";

/** How a job ended. */
export interface JobEnd {
  /** From the fault, or from the start of a job without one, to its end. */
  readonly seconds: number;
  readonly said: string;
  /** What was not as it has to be. */
  readonly wrong: string[];
  /** Whether it came to its first step. */
  readonly hasBegun: boolean;
}

/** The ranks ask each other for 3 s where one is; the rest is the launcher's, on a busy machine. */
const GRACE_SECONDS = 30;
/** Less than the small model's file takes. Units: bytes. */
const SMALL_FILE = 1 << 14;

/** Starts a job, does a fault to it, and waits for its end. */
export async function strikeJob(
  settings: JobSettings,
  ranks: number,
  { kind, phase, atMost }: Fault,
  random: Random,
  canFill: boolean,
): Promise<JobEnd> {
  const { runFolder, deadlineSeconds } = settings;
  const wrong: string[] = [];
  const isLimited = kind === "full disk" && !canFill;
  const job = startJob(settings, ranks, isLimited ? SMALL_FILE : undefined);
  const victim = random.integer(ranks);
  // The last time for those that need what comes before.
  const times = phase === "save" && atMost > 2 ? atMost : 1 + random.integer(atMost);
  const pids = await job.reached(victim, phase, times);
  const began = performance.now();
  if (pids) {
    await setTimeout(random.integer(phase === "load" ? 60 : 8));
    if (!isLimited) await strike(kind, pids, victim, runFolder);
    if (kind === "slow rank") {
      await job.reached(victim, "save", 1);
      for (const pid of pids) signal(pid, "SIGTERM");
    }
  }
  const { exitCode, stdout, stderr } = await job.ended;
  const seconds = (performance.now() - began) / 1000;
  const said = stdout + stderr;
  const { says, mayEndWell } = causes[kind];
  if (!pids && !isLimited) wrong.push(`ended before ${phase}: ${said.slice(-1000)}`);
  if (seconds > deadlineSeconds + GRACE_SECONDS) wrong.push(`took ${seconds.toFixed(1)} s to end`);
  if (!mayEndWell && exitCode === 0) wrong.push("ended as if nothing had happened");
  if (!says.test(said)) wrong.push(`did not say ${says}, but ${said.slice(-1500)}`);
  if (kind === "full disk") clearDisk(runFolder);
  if ((kind === "full disk" || exitCode === 0) && leftovers(runFolder).length > 0)
    wrong.push(`left ${leftovers(runFolder).join(", ")}`);
  return { seconds, said, wrong, hasBegun: phase !== "load" };
}

/** Lets a job go on to the end of its run. */
export async function finishJob(settings: JobSettings, ranks: number): Promise<JobEnd> {
  const { exitCode, stdout, stderr, seconds } = await startJob(settings, ranks).ended;
  const wrong: string[] = [];
  if (exitCode !== 0 || !stdout.includes(`finished at step ${settings.totalSteps}`))
    wrong.push(`did not finish: ${stderr.slice(-1500)}`);
  const left = leftovers(settings.runFolder);
  if (left.length > 0) wrong.push(`left ${left.join(", ")}`);
  return { seconds, said: stdout + stderr, wrong, hasBegun: true };
}

/** What has no place in a run folder while no job runs. */
function leftovers(runFolder: string): string[] {
  return [
    ...readdirSync(join(runFolder, "checkpoints")).filter((name) => !name.startsWith("step-")),
    ...readdirSync(runFolder).filter((name) => name.startsWith("train.lock")),
  ];
}
