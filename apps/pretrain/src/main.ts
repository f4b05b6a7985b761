import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { appendValue, readConfig, runProgram, stderrLogger, updateReport } from "@graticule/classify";
import { printConfig } from "@graticule/config";
import { ConfigError } from "@graticule/core";
import { Command } from "commander";
import { pretrain, readPretrainConfig } from "./pretrain.js";
import { type PretrainConfig, pretrainConfig } from "./pretrain-config.js";
import { pretrainReport, reconstructionReport, settingsReport } from "./pretrain-report.js";
import { reconstruct } from "./reconstruct.js";

// Both src/ and dist/ lie one level below the app's folder.
const presetsFolder = new URL("../presets/", import.meta.url);

async function presetPath(name: string): Promise<string> {
  const names = (await readdir(presetsFolder)).map((file) => file.replace(/\.yaml$/, ""));
  if (!names.includes(name))
    throw new ConfigError(
      `--preset: expected one of ${names.join(", ")}, got '${name}'. Or give a file with --config.`,
    );
  return fileURLToPath(new URL(`${name}.yaml`, presetsFolder));
}

async function trainAndReport(runFolder: string, config: PretrainConfig, resume: boolean): Promise<void> {
  const { step, stopped, checkpoint } = await pretrain(runFolder, config, {
    resume,
    logger: stderrLogger,
    progressStream: process.stderr,
  });
  if (stopped) {
    process.stderr.write(`stopped at step ${step}; go on with: graticule-pretrain resume ${runFolder}\n`);
    return;
  }
  await updateReport(runFolder, "settings", settingsReport(config));
  let report = await updateReport(runFolder, "pretrain", await pretrainReport(runFolder, config));
  if (config.report.reconstructions > 0) report = await drawReconstructions(runFolder, config);
  process.stdout.write(`checkpoint: ${checkpoint}\nreport: ${report}\n`);
}

async function drawReconstructions(runFolder: string, config: PretrainConfig): Promise<string> {
  const reconstructions = await reconstruct(runFolder, config);
  return updateReport(runFolder, "reconstruct", await reconstructionReport(runFolder, config, reconstructions));
}

const program = new Command("graticule-pretrain")
  .description("Pretrain masked autoencoders on satellite images.")
  .showHelpAfterError();

program
  .command("run")
  .description("Start a run: train, then draw reconstructions and a report.")
  .argument("[overrides...]", "settings as a.b=c, e.g. data.root=DIR train.epochs=200")
  .option(
    "-p, --preset <name>",
    "settings to start from: hyperspectral, image-folder, quickstart, ucmerced",
    "image-folder",
  )
  .option(
    "-c, --config <file>",
    "YAML or TypeScript file with settings, which win over the preset; give it again for more",
    appendValue,
    [],
  )
  .option("-o, --out <folder>", "run folder for checkpoints, logs and the report", "runs/pretrain")
  .option("--print-config", "print the settings and stop")
  .addHelpText(
    "after",
    `
Examples:
  graticule-pretrain run --preset quickstart --out runs/quickstart
  graticule-pretrain run data.root=images model.preset=small model.imageSize=[128,128]
  graticule-pretrain run --config my-run.yaml backend.precision=bf16 --out runs/mine
  graticule-pretrain run data.root=images --print-config`,
  )
  .action(
    async (
      overrides: string[],
      flags: { preset: string; config: string[]; out: string; printConfig?: boolean },
    ): Promise<void> => {
      const files = [await presetPath(flags.preset), ...flags.config];
      const config = await readConfig(pretrainConfig, { files, overrides });
      if (flags.printConfig) process.stdout.write(printConfig(config));
      else await trainAndReport(flags.out, config, false);
    },
  );

program
  .command("resume")
  .description("Go on with an interrupted run from its newest checkpoint.")
  .argument("<run>", "run folder")
  .argument("[overrides...]", "settings that may change: train.epochs, loader.*, backend.threads, report.*")
  .addHelpText(
    "after",
    "\nExamples:\n  graticule-pretrain resume runs/mine\n  graticule-pretrain resume runs/mine train.epochs=400",
  )
  .action(async (run: string, overrides: string[]) =>
    trainAndReport(run, await readPretrainConfig(run, overrides), true),
  );

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

await runProgram(program);
