import { type Communicator, openRanks } from "@graticule/mpi";
import type { Command } from "commander";
import { numberOption } from "../command-line.js";
import type { ParallelConfig } from "./parallel-config.js";
import { assertShared, type SharedRunConfig } from "./rank-share.js";

/** What `addRanksOption` reads. */
export interface RanksFlags {
  readonly ranks?: number;
}

/** Adds `--ranks` to a command. */
export function addRanksOption(command: Command): Command {
  return command.option(
    "--ranks <count>",
    "processes that share the run: starts them under mpirun, unless mpirun or srun has started this one",
    numberOption("count"),
  );
}

/**
 * Calls a function on each of the ranks that share a run.
 *
 * @throws {ConfigError} before it starts them, if so many can't share it.
 */
export async function onRanks(
  flags: RanksFlags,
  config: SharedRunConfig,
  run: (world: Communicator) => Promise<void>,
): Promise<void> {
  if (flags.ranks !== undefined) assertShared(config, flags.ranks);
  await onEachRank(flags, config.parallel, run);
}

/** Calls a function on each of some ranks; all of them are started first if that wasn't done. */
export async function onEachRank(
  { ranks }: RanksFlags,
  { deadlineSeconds: timeoutSeconds, deviceCollectives }: ParallelConfig,
  run: (world: Communicator) => Promise<void>,
): Promise<void> {
  const opened = await openRanks({ ...(ranks !== undefined && { ranks }), timeoutSeconds, deviceCollectives });
  if ("world" in opened) await run(opened.world);
  else process.exitCode = opened.exitCode;
}
