import { join } from "node:path";
import { chooseMpiBuild, slurmScript } from "@graticule/mpi";
import { RUN_CONFIG_FILE } from "@graticule/train";
import type { Command } from "commander";
import type { z } from "zod";
import { appendValue, numberOption } from "../command-line.js";
import { assertShared, type SharedRunConfig } from "./rank-share.js";
import { addRunOptions, type RunFlags, type RunSettings, readRunSettings } from "./run-settings.js";

interface SlurmFlags extends RunFlags {
  readonly ranks: number;
  readonly nodes?: number;
  readonly cpusPerRank?: number;
  readonly time: string;
  readonly stopBefore: number;
  readonly sbatch: readonly string[];
}

interface SlurmCommandOptions {
  /** The command that starts a run; `resume RUN` goes on with it. */
  readonly start: string;
  readonly settings: RunSettings<z.ZodType<SharedRunConfig>>;
  /** Overrides of an example. */
  readonly example: string;
}

/** Adds `slurm`, which prints a job script for the arguments of a command that starts a run. */
export function addSlurmCommand(program: Command, { start, settings, example }: SlurmCommandOptions): void {
  const command = program
    .command("slurm")
    .description(`Print an sbatch script that trains with the same arguments as \`${start}\`, until the run is done.`);
  addRunOptions(command, settings)
    .requiredOption("--ranks <count>", "processes that share the run", numberOption("count"))
    .option("--nodes <count>", "nodes that they are spread over", numberOption("count"))
    .option("--cpus-per-rank <count>", "processor cores of each", numberOption("count"))
    .option("--time <limit>", "time limit of one job; the run goes on in the next", "24:00:00")
    .option(
      "--stop-before <seconds>",
      "time before the limit at which the run saves and stops",
      numberOption("count"),
      300,
    )
    .option(
      "--sbatch <option>",
      "another option of sbatch, e.g. --partition=long; give it again for more",
      appendValue,
      [],
    )
    .addHelpText(
      "after",
      `
Examples:
  ${program.name()} slurm ${example} --ranks 8 --nodes 2 --cpus-per-rank 16 --out runs/mine > mine.sbatch
  ${program.name()} slurm --config my-run.yaml --ranks 4 --sbatch=--partition=long --sbatch=--account=geo > mine.sbatch`,
    )
    .action(async (overrides: string[], flags: SlurmFlags) => {
      assertShared(await readRunSettings(settings, overrides, flags), flags.ranks);
      const { preset, config, out, ranks, nodes, cpusPerRank, time, stopBefore, sbatch } = flags;
      const self = [process.execPath, ...process.execArgv, process.argv[1] as string];
      const options = [
        ...(preset === undefined ? [] : ["--preset", preset]),
        ...config.flatMap((file) => ["--config", file]),
        ...["--out", out],
      ];
      const script = slurmScript({
        jobName: program.name(),
        ranks,
        ...(nodes !== undefined && { nodes }),
        ...(cpusPerRank !== undefined && { cpusPerRank }),
        time,
        stopSecondsBefore: stopBefore,
        sbatch,
        implementation: chooseMpiBuild().implementation,
        start: [...self, start, ...overrides, ...options, "--ranks", String(ranks)],
        resume: [...self, "resume", out, "--ranks", String(ranks)],
        resumeIf: join(out, RUN_CONFIG_FILE),
      });
      process.stdout.write(script);
    });
}
