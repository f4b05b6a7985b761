import { type Communicator, openRanks } from "@graticule/mpi";
import type { Command } from "commander";
import { numberOption } from "../command-line.js";
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
 * Calls a function on each of some ranks; all of them are started first if that wasn't done.
 *
 * @throws {ConfigError} before that, if so many ranks can't share the run.
 */
export async function onRanks(
  { ranks }: RanksFlags,
  config: SharedRunConfig,
  run: (world: Communicator) => Promise<void>,
): Promise<void> {
  if (ranks !== undefined) assertShared(config, ranks);
  const { deadlineSeconds: timeoutSeconds, deviceCollectives } = config.parallel;
  const opened = await openRanks({ ...(ranks !== undefined && { ranks }), timeoutSeconds, deviceCollectives });
  if ("world" in opened) await run(opened.world);
  else process.exitCode = opened.exitCode;
}
