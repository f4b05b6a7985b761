import { addRunCommands, updateReport } from "@graticule/classify";
import { printConfig } from "@graticule/config";
import type { Command } from "commander";
import { presetsFolder } from "../presets-folder.js";
import { trainConfig } from "../training/train-config.js";
import { trainForecaster } from "../training/train-forecaster.js";
import { trainingReport } from "../training/training-report.js";

/** Adds what trains: `train`, `resume`, `slurm`. */
export function addTrainCommands(program: Command): void {
  addRunCommands(program, {
    settings: {
      schema: trainConfig,
      presets: { folder: presetsFolder, names: ["quickstart", "global", "london"] },
      out: "runs/forecast",
      example: "store=stores/era5 data.leadTimeHours=24 model.depth=8",
    },
    start: {
      name: "train",
      description: "Train a forecaster on a store; the best weights by validation are kept.",
      examples: [
        "--preset global store=stores/global --out runs/global",
        "--config my-run.yaml backend.precision=bf16 --out runs/mine",
        "store=stores/era5 --ranks 4 parallel.sharding=FULL_SHARD",
        "store=stores/era5 model.tree=tree0 model.groups=4 model.reducer=linear --ranks 4 parallel.tp=4 parallel.dchag=true",
        "store=stores/era5 data.leadTimeHours=72 model.preset=small --print-config",
      ],
    },
    resume: {
      mayChange: "train.epochs, loader.*, parallel.*, backend.threads, store",
      examples: ["runs/mine train.epochs=400", "runs/mine --ranks 4 parallel.sharding=FULL_SHARD"],
    },
    slurmExample: "store=stores/era5",
    train: trainForecaster,
    report: async (runFolder, config, { checkpoint, best }) => {
      await updateReport(runFolder, "settings", { sections: [{ heading: "Settings", code: printConfig(config) }] });
      const report = await updateReport(runFolder, "forecast", await trainingReport(runFolder));
      const validation = best ? `best validation: ${best.loss.toFixed(4)} at step ${best.step}\n` : "";
      return `checkpoint: ${checkpoint}\n${validation}report: ${report}\n`;
    },
  });
}
