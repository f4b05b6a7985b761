import { availableParallelism } from "node:os";
import { MissingDependencyError } from "@graticule/core";
import type { MpiBuild } from "./native.js";

export interface LaunchCommandOptions {
  /** Processor threads that each rank is bound to; 0 binds none. Default: those of the machine ÷ ranks. */
  readonly threadsPerRank?: number;
}

/** Processor threads for each of this many ranks on this machine: their share, at least 1. */
export function defaultThreadsPerRank(ranks: number): number {
  return Math.max(1, Math.floor(availableParallelism() / ranks));
}

/**
 * The command that starts a program on several ranks of this machine, each bound to processor threads of its own where there
 * are enough. The ranks get this process's environment.
 *
 * @throws {MissingDependencyError} if the MPI has no launcher.
 */
export function launchCommand(
  { implementation, launcher }: MpiBuild,
  ranks: number,
  program: readonly string[],
  { threadsPerRank = defaultThreadsPerRank(ranks) }: LaunchCommandOptions = {},
): readonly string[] {
  if (!launcher)
    throw new MissingDependencyError(
      "mpirun",
      `launchCommand: expected mpirun or mpiexec of ${implementation}, got none. Install it, e.g. \`apt-get install openmpi-bin\`.`,
    );
  const isBound = threadsPerRank > 0 && ranks * threadsPerRank <= availableParallelism();
  if (implementation === "mpich") {
    const binding = isBound ? ["-bind-to", `hwthread:${threadsPerRank}`] : [];
    return [launcher, "-n", String(ranks), ...binding, ...program];
  }
  const binding = isBound
    ? ["--use-hwthread-cpus", "--map-by", `slot:PE=${threadsPerRank}`, "--bind-to", "hwthread"]
    : ["--oversubscribe", "--bind-to", "none"];
  // Open MPI refuses root, which containers run as, unless told twice that it is meant.
  const root = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];
  return [launcher, "-np", String(ranks), ...root, ...binding, ...program];
}
