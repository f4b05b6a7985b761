import { printConfig } from "@graticule/config";
import type { TrainResult } from "@graticule/train";
import type { Command } from "commander";
import type { z } from "zod";
import { printConfigOption, stderrLogger } from "../command-line.js";
import { readRunConfig } from "../read-config.js";
import { addRanksOption, onRanks, type RanksFlags } from "./on-ranks.js";
import type { SharedRunConfig } from "./rank-share.js";
import type { RanksRunOptions } from "./ranks-run-options.js";
import { addRunOptions, type RunFlags, type RunSettings, readRunSettings } from "./run-settings.js";
import { addSlurmCommand } from "./slurm-command.js";

export interface RunCommandsOptions<S extends z.ZodType<SharedRunConfig>, R extends TrainResult> {
  readonly settings: RunSettings<S>;
  /** The command that starts a run; examples are arguments of it. */
  readonly start: { readonly name: string; readonly description: string; readonly examples: readonly string[] };
  /** Settings that `resume` may change, and its examples. */
  readonly resume: { readonly mayChange: string; readonly examples: readonly string[] };
  /** Overrides of an example of `slurm`. */
  readonly slurmExample: string;
  readonly train: (runFolder: string, config: z.output<S>, options: RanksRunOptions) => Promise<R>;
  /** Reports on a run that has come to its end, and says what to print. */
  readonly report: (runFolder: string, config: z.output<S>, result: R) => Promise<string>;
}

/** Adds what trains: the command that starts a run, `resume` and `slurm`. */
export function addRunCommands<S extends z.ZodType<SharedRunConfig>, R extends TrainResult>(
  program: Command,
  { settings, start, resume, slurmExample, train, report }: RunCommandsOptions<S, R>,
): void {
  const examplesOf = (command: string, examples: readonly string[]): string =>
    ["\nExamples:", ...examples.map((example) => `  ${program.name()} ${command} ${example}`)].join("\n");

  async function trainOnRanks(runFolder: string, config: z.output<S>, ranks: RanksFlags, isResumed: boolean) {
    await onRanks(ranks, config, async (world) => {
      const options = { world, resume: isResumed, logger: stderrLogger, progressStream: process.stderr };
      const result = await train(runFolder, config, options);
      if (world.rank > 0) return;
      if (result.stopped)
        process.stderr.write(`stopped at step ${result.step}; go on with: ${program.name()} resume ${runFolder}\n`);
      else process.stdout.write(await report(runFolder, config, result));
    });
  }

  addRanksOption(addRunOptions(program.command(start.name).description(start.description), settings))
    .addOption(printConfigOption())
    .addHelpText("after", examplesOf(start.name, start.examples))
    .action(async (overrides: string[], flags: RunFlags & RanksFlags & { readonly printConfig?: boolean }) => {
      const config = await readRunSettings(settings, overrides, flags);
      if (flags.printConfig) process.stdout.write(printConfig(config));
      else await trainOnRanks(flags.out, config, flags, false);
    });

  addRanksOption(program.command("resume"))
    .description("Go on with an interrupted run from its newest checkpoint, on any number of ranks.")
    .argument("<run>", "run folder")
    .argument("[overrides...]", `settings that may change: ${resume.mayChange}`)
    .addHelpText("after", examplesOf("resume", resume.examples))
    .action(async (run: string, overrides: string[], flags: RanksFlags) => {
      await trainOnRanks(run, await readRunConfig(settings.schema, run, overrides), flags, true);
    });

  addSlurmCommand(program, { start: start.name, settings, example: slurmExample });
}
