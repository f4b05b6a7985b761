import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Phase, phases } from "./job.js";

/** What is done to a job, or, once a kill has ended it, to its newest checkpoint. */
export type FaultKind = "kill" | "terminate" | "full disk" | "stopped rank" | "slow rank" | "truncated" | "flipped bit";

export interface Fault {
  readonly kind: FaultKind;
  /** It strikes when a rank has begun this phase so many times, at most, in this job. */
  readonly phase: Phase;
  readonly atMost: number;
}

/** Every fault in every phase where it can strike. */
export const faultKinds: readonly Fault[] = [
  ...phases.flatMap((phase): Fault[] => {
    const atMost = { load: 1, step: 6, save: 2, eval: 2 }[phase];
    return [
      { kind: "kill", phase, atMost },
      { kind: "terminate", phase, atMost },
    ];
  }),
  { kind: "full disk", phase: "step", atMost: 6 },
  { kind: "stopped rank", phase: "step", atMost: 6 },
  { kind: "slow rank", phase: "step", atMost: 6 },
  // Another checkpoint has to be there to fall back to.
  { kind: "truncated", phase: "save", atMost: 3 },
  { kind: "flipped bit", phase: "save", atMost: 3 },
];

/** Whether it damages a checkpoint. */
export const damages = (kind: FaultKind): boolean => kind === "truncated" || kind === "flipped bit";

/** What the ranks or their launcher must say of it; and whether the job may end well. */
export const causes: Readonly<Record<FaultKind, { readonly says: RegExp; readonly mayEndWell: boolean }>> = {
  kill: { says: /signal:? 9|SIGNAL: 9/i, mayEndWell: false },
  terminate: { says: /stopped at step \d+|signal:? 15|SIGNAL: 15|SIGTERM/i, mayEndWell: true },
  "full disk": { says: /ENOSPC: no space left on device|EFBIG: file too large/, mayEndWell: false },
  "stopped rank": {
    says: /did not complete in [\d.]+ s\.\n {2}Missing:[\s\S]*does not answer: stopped, dead, or without processor time/,
    mayEndWell: false,
  },
  "slow rank": { says: /stopped at step \d+/, mayEndWell: true },
  truncated: { says: /signal:? 9|SIGNAL: 9/i, mayEndWell: false },
  "flipped bit": { says: /signal:? 9|SIGNAL: 9/i, mayEndWell: false },
};

/** How long a slow rank is stopped; less than the deadline. */
const SLOW_SECONDS = 1;

/** Does a fault to running ranks. */
export async function strike(
  kind: FaultKind,
  pids: readonly number[],
  victim: number,
  runFolder: string,
): Promise<void> {
  const pid = pids[victim] as number;
  if (kind === "full disk") fillDisk(runFolder);
  else if (kind === "terminate") for (const each of pids) signal(each, "SIGTERM");
  else if (kind === "stopped rank") signal(pid, "SIGSTOP");
  else if (kind === "slow rank") {
    signal(pid, "SIGSTOP");
    await setTimeout(SLOW_SECONDS * 1000);
    signal(pid, "SIGCONT");
  } else signal(pid, "SIGKILL");
}

/** To a rank that may have ended by itself. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

const FILLER = "filler";

/** Leaves less than a checkpoint needs of the file system that the folder is the root of. */
function fillDisk(folder: string): void {
  const file = openSync(join(folder, FILLER), "w");
  const block = Buffer.alloc(1 << 14);
  for (
    let { bavail, bsize } = statfsSync(folder);
    bavail * bsize > 2 * block.length;
    { bavail, bsize } = statfsSync(folder)
  )
    writeSync(file, block);
  closeSync(file);
}

export function clearDisk(folder: string): void {
  rmSync(join(folder, FILLER), { force: true });
}

/** Cuts a checkpoint's first file short, or changes one bit in its middle. */
export function damage(checkpoint: string, kind: FaultKind): void {
  const [name] = readdirSync(checkpoint).filter((each) => each.endsWith(".safetensors"));
  const path = join(checkpoint, name as string);
  const file = openSync(path, "r+");
  const middle = statSync(path).size >> 1;
  const byte = Buffer.alloc(1);
  if (kind === "truncated") ftruncateSync(file, middle);
  else {
    readSync(file, byte, 0, 1, middle);
    writeSync(file, Buffer.of((byte[0] as number) ^ 1), 0, 1, middle);
  }
  closeSync(file);
}
