import {
  addRanksOption,
  addSlurmCommand,
  appendValue,
  onRanks,
  presetPath,
  type RanksFlags,
  type RunFlags,
  readConfig,
  stderrLogger,
  updateReport,
} from "@graticule/classify";
import { printConfig } from "@graticule/config";
import type { Communicator } from "@graticule/mpi";
import type { Command } from "commander";
import { presetsFolder } from "../presets-folder.js";
import { type TrainConfig, trainConfig } from "../training/train-config.js";
import { readTrainConfig, trainForecaster } from "../training/train-forecaster.js";
import { trainingReport } from "../training/training-report.js";

/** Adds what trains: `train`, `resume`, `slurm`. */
export function addTrainCommands(program: Command): void {
  addRanksOption(
    addRunOptions(
      program.command("train").description("Train a forecaster on a store; the best weights by validation are kept."),
    ),
  )
    .option("--print-config", "print the settings and stop")
    .addHelpText(
      "after",
      `
Examples:
  graticule-forecast train --preset global store=stores/global --out runs/global
  graticule-forecast train --config my-run.yaml backend.precision=bf16 --out runs/mine
  graticule-forecast train store=stores/era5 --ranks 4 parallel.sharding=FULL_SHARD
  graticule-forecast train store=stores/era5 model.tree=tree0 model.groups=4 model.reducer=linear --ranks 4 parallel.tp=4 parallel.dchag=true
  graticule-forecast train store=stores/era5 data.leadTimeHours=72 model.preset=small --print-config`,
    )
    .action(
      async (overrides: string[], flags: RunFlags & RanksFlags & { readonly printConfig?: boolean }): Promise<void> => {
        const config = await readSettings(overrides, flags);
        if (flags.printConfig) process.stdout.write(printConfig(config));
        else await onRanks(flags, config, (world) => trainAndReport(world, flags.out, config, false));
      },
    );

  addRanksOption(program.command("resume"))
    .description("Go on with an interrupted run from its newest checkpoint, on any number of ranks.")
    .argument("<run>", "run folder")
    .argument("[overrides...]", "settings that may change: train.epochs, loader.*, parallel.*, backend.threads, store")
    .addHelpText(
      "after",
      "\nExamples:\n  graticule-forecast resume runs/mine train.epochs=400\n  graticule-forecast resume runs/mine --ranks 4 parallel.sharding=FULL_SHARD",
    )
    .action(async (run: string, overrides: string[], flags: RanksFlags) => {
      const config = await readTrainConfig(run, overrides);
      await onRanks(flags, config, (world) => trainAndReport(world, run, config, true));
    });

  addSlurmCommand(program, { start: "train", addRunOptions, readSettings, example: "store=stores/era5" });
}

/** Adds the arguments that a new run takes. */
function addRunOptions(command: Command): Command {
  return command
    .argument("[overrides...]", "settings as a.b=c, e.g. store=stores/era5 data.leadTimeHours=24 model.depth=8")
    .option("-p, --preset <name>", "settings to start from: quickstart, global, london")
    .option("-c, --config <file>", "YAML or TypeScript file with settings; give it again for more", appendValue, [])
    .option("-o, --out <folder>", "run folder for checkpoints, logs and the report", "runs/forecast");
}

async function readSettings(overrides: readonly string[], { preset, config }: RunFlags): Promise<TrainConfig> {
  const files = [...(preset === undefined ? [] : [await presetPath(presetsFolder, preset)]), ...config];
  return readConfig(trainConfig, { files, overrides });
}

async function trainAndReport(
  world: Communicator,
  runFolder: string,
  config: TrainConfig,
  resume: boolean,
): Promise<void> {
  const { step, stopped, checkpoint, best } = await trainForecaster(runFolder, config, {
    world,
    resume,
    logger: stderrLogger,
    progressStream: process.stderr,
  });
  if (world.rank > 0) return;
  if (stopped) {
    process.stderr.write(`stopped at step ${step}; go on with: graticule-forecast resume ${runFolder}\n`);
    return;
  }
  await updateReport(runFolder, "settings", { sections: [{ heading: "Settings", code: printConfig(config) }] });
  const report = await updateReport(runFolder, "forecast", await trainingReport(runFolder));
  const validation = best ? `best validation: ${best.loss.toFixed(4)} at step ${best.step}\n` : "";
  process.stdout.write(`checkpoint: ${checkpoint}\n${validation}report: ${report}\n`);
}
