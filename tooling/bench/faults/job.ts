import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chooseMpiBuild } from "@graticule/mpi";
import { type RanksResult, runRanks } from "@graticule/mpi/testing";

/** What a rank is about to do, as it notes it. */
export const phases = ["load", "step", "save", "eval"] as const;

export type Phase = (typeof phases)[number];

export interface JobSettings {
  readonly runFolder: string;
  /** Folder of the ranks' notes. */
  readonly notes: string;
  readonly layout: "ddp" | "fsdp";
  readonly totalSteps: number;
  readonly saveEverySteps: number;
  readonly evaluateEverySteps: number;
  /** Of operations between ranks. */
  readonly deadlineSeconds: number;
}

/** A run's ranks, from their start to their end. */
export interface Job {
  readonly ended: Promise<RanksResult>;
  /** Process ids of the ranks, once one of them has noted a phase; undefined if the job ends before. */
  reached(rank: number, phase: Phase, times: number): Promise<readonly number[] | undefined>;
}

/** Longer than any job that is not stuck, on a busy machine. Units: seconds. */
const LONGEST_JOB = 600;

/** @param largestFile where given, no file can grow beyond it. Units: bytes. */
export function startJob(settings: JobSettings, ranks: number, largestFile?: number): Job {
  rmSync(settings.notes, { recursive: true, force: true });
  mkdirSync(settings.notes, { recursive: true });
  const script = fileURLToPath(new URL("./training.ts", import.meta.url));
  const node = [process.execPath, "--conditions=@graticule/source", "--import", "tsx", script];
  const limit = largestFile === undefined ? [] : ["sh", "-c", `ulimit -f ${largestFile >> 9}; exec "$0" "$@"`];
  const program = [...limit, ...node, JSON.stringify(settings)];
  let isOver = false;
  const env = { OMP_NUM_THREADS: "1" };
  const ended = runRanks(chooseMpiBuild(), ranks, program, { env, timeoutSeconds: LONGEST_JOB }).finally(() => {
    isOver = true;
  });
  const notesOf = (rank: number): string[][] => {
    const path = join(settings.notes, `${rank}`);
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
    return lines.map((line) => line.split(" "));
  };
  return {
    ended,
    async reached(rank, phase, times) {
      for (; !isOver; await setTimeout(2)) {
        if (notesOf(rank).filter(([noted]) => noted === phase).length < times) continue;
        const ids = Array.from({ length: ranks }, (_, each) => Number(notesOf(each).at(-1)?.[2]));
        if (ids.every(Number.isInteger)) return ids;
      }
      return undefined;
    },
  };
}
