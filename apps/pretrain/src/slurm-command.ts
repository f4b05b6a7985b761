import { join } from "node:path";
import { appendValue } from "@graticule/classify";
import { chooseMpiBuild, slurmScript } from "@graticule/mpi";
import { RUN_CONFIG_FILE } from "@graticule/train";
import type { Command } from "commander";
import { assertSharedBatch } from "./rank-share.js";
import { addRunOptions, type RunFlags, readRunSettings } from "./run-options.js";

interface SlurmFlags extends RunFlags {
  readonly ranks: number;
  readonly nodes?: number;
  readonly cpusPerRank?: number;
  readonly time: string;
  readonly stopBefore: number;
  readonly sbatch: readonly string[];
}

/** Adds `slurm`, which prints a job script for the arguments of `run`. */
export function addSlurmCommand(program: Command): void {
  const command = program
    .command("slurm")
    .description("Print an sbatch script that trains with the same arguments as `run`, until the run is done.");
  addRunOptions(command)
    .requiredOption("--ranks <count>", "processes that share the run", Number)
    .option("--nodes <count>", "nodes that they are spread over", Number)
    .option("--cpus-per-rank <count>", "processor cores of each", Number)
    .option("--time <limit>", "time limit of one job; the run goes on in the next", "24:00:00")
    .option("--stop-before <seconds>", "time before the limit at which the run saves and stops", Number, 300)
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
  graticule-pretrain slurm data.root=images --ranks 8 --nodes 2 --cpus-per-rank 16 --out runs/mine > mine.sbatch
  graticule-pretrain slurm --config my-run.yaml --ranks 4 --sbatch=--partition=long --sbatch=--account=geo > mine.sbatch`,
    )
    .action(async (overrides: string[], flags: SlurmFlags) => {
      assertSharedBatch(await readRunSettings(overrides, flags), flags.ranks);
      const { preset, config, out, ranks, nodes, cpusPerRank, time, stopBefore, sbatch } = flags;
      const self = [process.execPath, ...process.execArgv, process.argv[1] as string];
      const options = ["--preset", preset, ...config.flatMap((file) => ["--config", file]), "--out", out];
      const script = slurmScript({
        jobName: "graticule-pretrain",
        ranks,
        ...(nodes !== undefined && { nodes }),
        ...(cpusPerRank !== undefined && { cpusPerRank }),
        time,
        stopSecondsBefore: stopBefore,
        sbatch,
        implementation: chooseMpiBuild().implementation,
        start: [...self, "run", ...overrides, ...options, "--ranks", String(ranks)],
        resume: [...self, "resume", out, "--ranks", String(ranks)],
        resumeIf: join(out, RUN_CONFIG_FILE),
      });
      process.stdout.write(script);
    });
}
