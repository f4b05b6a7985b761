import { printConfig } from "@graticule/config";
import type { Communicator } from "@graticule/mpi";
import type { Command } from "commander";
import { configOption, printConfigOption, stderrLogger } from "../command-line.js";
import { openPretrainedRun } from "../encoder.js";
import { addRanksOption, onRanks, type RanksFlags } from "../ranks/on-ranks.js";
import { readConfig } from "../read-config.js";
import { updateReport } from "../run-report.js";
import { finetune, readFinetuneConfig } from "./finetune.js";
import { type FinetuneConfig, finetuneConfig } from "./finetune-config.js";
import { finetuneReport } from "./finetune-report.js";
import { finetuneSummary, summaryTable } from "./finetune-summary.js";
import { tunableModel } from "./tuned-model.js";

interface FinetuneFlags extends RanksFlags {
  readonly out: string;
  readonly config?: string[];
  readonly printConfig?: boolean;
  readonly json?: boolean;
}

/** Settings of a fine-tuning run that starts from another run: its data and its encoder's shape unless given. */
export async function readFinetuneSettings(
  from: string,
  overrides: readonly string[],
  files: readonly string[] = [],
): Promise<FinetuneConfig> {
  const run = await openPretrainedRun(from);
  const value = JSON.parse(JSON.stringify({ from, data: run.run.data, model: tunableModel(run) }));
  return readConfig(finetuneConfig, { presets: [{ name: run.checkpoint.path, value }], files, overrides });
}

/** Adds `finetune` and `resume`. */
export function addFinetuneCommands(program: Command): void {
  const name = program.name();
  addRanksOption(program.command("finetune"))
    .description("Train a classifier on a run's encoder: all of it, its last blocks, its head alone, or LoRA.")
    .argument("<run>", "folder of a run, pretrained or imported, or one of its checkpoints")
    .argument("[overrides...]", "settings as a.b=c, e.g. data.root=DIR tune.method=lora")
    .requiredOption("-o, --out <folder>", "folder of the new run")
    .addOption(configOption())
    .addOption(printConfigOption())
    .option("--json", "print cost and scores as one line of JSON")
    .addHelpText(
      "after",
      `
Examples:
  ${name} finetune runs/mae data.root=UCMerced --out runs/tuned
  ${name} finetune runs/mae data.root=UCMerced tune.method=lora tune.lora.rank=8 --out runs/lora
  ${name} finetune runs/vit data.root=UCMerced tune.method=last-blocks tune.lastBlocks=2 backend.precision=bf16 --out runs/last2
  ${name} finetune runs/mae data.root=UCMerced train.recompute=blocks.* parallel.sharding=FULL_SHARD --ranks 4 --out runs/tuned`,
    )
    .action(async (run: string, overrides: string[], flags: FinetuneFlags) => {
      const config = await readFinetuneSettings(run, overrides, flags.config);
      if (flags.printConfig) process.stdout.write(printConfig(config));
      else
        await onRanks(flags, config, (world) => tuneAndReport(world, flags.out, config, { ...flags, resume: false }));
    });

  addRanksOption(program.command("resume"))
    .description("Go on with an interrupted fine-tuning run from its newest checkpoint.")
    .argument("<run>", "run folder")
    .argument("[overrides...]", "settings that may change: train.epochs, loader.*, parallel.*, backend.threads")
    .option("--json", "print cost and scores as one line of JSON")
    .addHelpText("after", `\nExamples:\n  ${name} resume runs/tuned\n  ${name} resume runs/tuned train.epochs=40`)
    .action(async (run: string, overrides: string[], flags: Pick<FinetuneFlags, "json" | "ranks">) => {
      const config = await readFinetuneConfig(run, overrides);
      await onRanks(flags, config, (world) => tuneAndReport(world, run, config, { ...flags, resume: true }));
    });
}

async function tuneAndReport(
  world: Communicator,
  runFolder: string,
  config: FinetuneConfig,
  { resume, json }: { readonly resume: boolean; readonly json?: boolean },
): Promise<void> {
  const { step, saved, trainable } = await finetune(runFolder, config, {
    world,
    resume,
    logger: stderrLogger,
    progressStream: process.stderr,
  });
  if (world.rank > 0) return;
  if (!saved) {
    process.stderr.write(`stopped at step ${step}; go on with: graticule-classify resume ${runFolder}\n`);
    return;
  }
  const report = await updateReport(runFolder, "finetune", await finetuneReport(runFolder, config, trainable, saved));
  const summary = await finetuneSummary(runFolder, config, trainable, saved);
  process.stdout.write(
    json
      ? `${JSON.stringify(summary)}\n`
      : `${summaryTable([summary])}\nclassifier: ${saved.checkpoint}\nreport: ${report}\n`,
  );
}
