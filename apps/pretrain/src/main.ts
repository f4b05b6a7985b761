import {
  addCheckpointCommands,
  addRunCommands,
  appendValue,
  configOption,
  formatTable,
  type RunFlags,
  readRunSettings,
  runProgram,
  stderrLogger,
  updateReport,
} from "@graticule/classify";
import { ConfigError } from "@graticule/core";
import { Command } from "commander";
import { compare, type Variant } from "./compare.js";
import { comparisonReport, comparisonRows, comparisonVerdict } from "./compare-report.js";
import { pretrain, readPretrainConfig } from "./pretrain.js";
import type { PretrainConfig } from "./pretrain-config.js";
import { pretrainReport, reconstructionReport, settingsReport } from "./pretrain-report.js";
import { reconstruct } from "./reconstruct.js";
import { runSettings } from "./run-settings.js";

interface CompareFlags extends RunFlags {
  readonly variant: readonly string[];
  readonly seeds: number;
}

async function drawReconstructions(runFolder: string, config: PretrainConfig): Promise<string> {
  const reconstructions = await reconstruct(runFolder, config);
  return updateReport(runFolder, "reconstruct", await reconstructionReport(runFolder, config, reconstructions));
}

const program = new Command("graticule-pretrain")
  .description("Pretrain masked autoencoders on satellite images.")
  .showHelpAfterError();

addRunCommands(program, {
  settings: runSettings,
  start: {
    name: "run",
    description: "Start a run: train, then draw reconstructions and a report.",
    examples: [
      "--preset quickstart --out runs/quickstart",
      "data.root=images model.preset=small model.imageSize=[128,128]",
      "--config my-run.yaml backend.precision=bf16 --out runs/mine",
      "data.root=images --ranks 4",
      "data.root=images --ranks 8 parallel.tp=2 parallel.sharding=FULL_SHARD",
      "data.root=images --print-config",
    ],
  },
  resume: {
    mayChange: "train.epochs, loader.*, parallel.*, backend.threads, report.*",
    examples: ["runs/mine", "runs/mine train.epochs=400 --ranks 4 parallel.sharding=FULL_SHARD"],
  },
  slurmExample: "data.root=images",
  train: pretrain,
  report: async (runFolder, config, { checkpoint }) => {
    await updateReport(runFolder, "settings", settingsReport(config));
    let report = await updateReport(runFolder, "pretrain", await pretrainReport(runFolder, config));
    if (config.report.reconstructions > 0) report = await drawReconstructions(runFolder, config);
    return `checkpoint: ${checkpoint}\nreport: ${report}\n`;
  },
});
addCheckpointCommands(program);

program
  .command("reconstruct")
  .description("Draw what a run's model makes of held-out images with hidden patches.")
  .argument("<run>", "run folder")
  .argument("[overrides...]", "settings, e.g. report.reconstructions=12 model.maskRatio=0.5")
  .addHelpText("after", "\nExamples:\n  graticule-pretrain reconstruct runs/mine report.reconstructions=12")
  .action(async (run: string, overrides: string[]) => {
    const report = await drawReconstructions(run, await readPretrainConfig(run, overrides));
    process.stdout.write(`pictures: ${run}/reconstructions.png\nreport: ${report}\n`);
  });

program
  .command("compare")
  .description(
    "Train variants of a run with several seeds each, and compare their held-out losses. Run it again to go on.",
  )
  .argument("[overrides...]", "settings of all variants")
  .option(
    "--variant <name and overrides>",
    "a name and what differs, e.g. 'flat model.tree=flat'; give it again for more",
    appendValue,
    [],
  )
  .option("--seeds <count>", "seeds of each variant, from 0", Number, 3)
  .option("-p, --preset <name>", "settings to start from", runSettings.presets.usual)
  .addOption(configOption())
  .option("-o, --out <folder>", "folder of the runs and the report", "runs/compare")
  .addHelpText(
    "after",
    `
Examples:
  graticule-pretrain compare --preset hyperspectral data.paths=[scene.hdr] --variant "flat model.tree=flat" --variant "groups model.tree=tree0"
  graticule-pretrain compare data.root=images --variant "patch8 model.patchSize=8" --variant "patch16 model.patchSize=16" --seeds 5`,
  )
  .action(async (overrides: string[], flags: CompareFlags) => {
    if (!(Number.isInteger(flags.seeds) && flags.seeds > 0))
      throw new ConfigError("--seeds: expected a whole number of at least 1.");
    if (flags.variant.length === 0)
      throw new ConfigError("--variant: expected at least one, got none. E.g. --variant 'flat model.tree=flat'.");
    const variants: Variant[] = [];
    for (const text of flags.variant) {
      const [name = "", ...own] = text.trim().split(/\s+/);
      if (!/^[\w.-]+$/.test(name) || name.includes("=") || variants.some((variant) => variant.name === name))
        throw new ConfigError(
          `--variant: expected a name of its own and overrides, got '${text}'. E.g. 'flat model.tree=flat'.`,
        );
      variants.push({ name, config: await readRunSettings(runSettings, [...overrides, ...own], flags) });
    }
    const seeds = Array.from({ length: flags.seeds }, (_, seed) => seed);
    const comparison = await compare(flags.out, variants, seeds, {
      logger: stderrLogger,
      progressStream: process.stderr,
    });
    if (!comparison) {
      process.stderr.write("stopped; the same command goes on\n");
      return;
    }
    const { columns, rows } = comparisonRows(comparison);
    const report = await updateReport(flags.out, "compare", comparisonReport(comparison));
    process.stdout.write(`${formatTable(columns, rows)}\n${comparisonVerdict(comparison)}\nreport: ${report}\n`);
  });

await runProgram(program);
