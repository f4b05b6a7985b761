import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  appendValue,
  numberOption,
  numbersOption,
  readConfig,
  runProgram,
  stderrLogger,
  updateReport,
} from "@graticule/classify";
import { printConfig } from "@graticule/config";
import { ConfigError, formatBytes } from "@graticule/core";
import { openWeatherStore, writeSimulation } from "@graticule/data-era5";
import type { MapProjectionName } from "@graticule/plot";
import { Command, Option } from "commander";
import { folderBytes } from "./folder-bytes.js";
import { openForecastRun } from "./forecasting/open-run.js";
import { chooseStarts, type RolloutPlan } from "./forecasting/rollout.js";
import { writeForecasts } from "./forecasting/write-forecasts.js";
import { inspect } from "./inspect.js";
import { plotForecast } from "./plotting/plot-forecast.js";
import { prepare } from "./prepare.js";
import { type PrepareConfig, prepareConfig } from "./prepare-config.js";
import { makeProgressLine } from "./progress-line.js";
import { type ScoreFlags, scoreAndReport } from "./scoring/score-command.js";
import { type SimulateConfig, simulateConfig } from "./simulate-config.js";
import { type TrainConfig, trainConfig } from "./training/train-config.js";
import { readTrainConfig, trainForecaster } from "./training/train-forecaster.js";
import { trainingReport } from "./training/training-report.js";

async function prepareAndReport(out: string, config: PrepareConfig): Promise<void> {
  const { times, shape, statistics } = await prepare(out, config, {
    logger: stderrLogger,
    onProgress: makeProgressLine(process.stderr),
  });
  const [channels, height, width] = shape;
  const splits = Object.keys(statistics.splits).join(", ");
  process.stdout.write(
    `store: ${out}\n${times} times of ${channels} channels on ${height} x ${width}, ${formatBytes(await folderBytes(out))}; splits ${splits}\n`,
  );
}

async function simulateAndReport(out: string, config: SimulateConfig): Promise<void> {
  const showProgress = makeProgressLine(process.stderr);
  const { files, times } = await writeSimulation(out, config, (done, total) => showProgress("fields", done, total));
  process.stdout.write(
    `simulation: ${out}\n${times} times of vo, u, v and strf at 500 hPa in ${files.length} files, ${formatBytes(await folderBytes(out))}\nnext: graticule-forecast prepare "sources=[${out}/*.nc]" channels=[vo500,u500,v500] splits.train=[FROM,TO]\n`,
  );
}

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

interface RolloutFlags {
  readonly from: string;
  readonly to?: string;
  readonly every: number;
  readonly lead?: readonly number[];
  readonly steps?: number;
  readonly stepHours?: number;
  readonly store?: string;
  readonly out?: string;
}

async function trainAndReport(runFolder: string, config: TrainConfig, resume: boolean): Promise<void> {
  const { step, stopped, checkpoint, best } = await trainForecaster(runFolder, config, {
    resume,
    logger: stderrLogger,
    progressStream: process.stderr,
  });
  if (stopped) {
    process.stderr.write(`stopped at step ${step}; go on with: graticule-forecast resume ${runFolder}\n`);
    return;
  }
  await updateReport(runFolder, "settings", { sections: [{ heading: "Settings", code: printConfig(config) }] });
  const report = await updateReport(runFolder, "forecast", await trainingReport(runFolder));
  const validation = best ? `best validation: ${best.loss.toFixed(4)} at step ${best.step}\n` : "";
  process.stdout.write(`checkpoint: ${checkpoint}\n${validation}report: ${report}\n`);
}

const program = new Command("graticule-forecast").description("Weather forecasting.").showHelpAfterError();

program
  .command("simulate")
  .description("Make weather without a download: a barotropic flow on the sphere, as NetCDF for each year.")
  .argument("[overrides...]", "settings as a.b=c, e.g. truncation=42 times.to=2011 seed=1")
  .option("-c, --config <file>", "YAML or TypeScript file with settings; give it again for more", appendValue, [])
  .option("-o, --out <folder>", "folder of the files", "simulation")
  .option("--print-config", "print the settings and stop")
  .addHelpText(
    "after",
    `
Examples:
  graticule-forecast simulate --out simulation
  graticule-forecast simulate truncation=42 times.from=2001 times.to=2011 seed=1 --out t42`,
  )
  .action(async (overrides: string[], flags: { config: string[]; out: string; printConfig?: boolean }) => {
    const config = await readConfig(simulateConfig, { files: flags.config, overrides });
    if (flags.printConfig) process.stdout.write(printConfig(config));
    else await simulateAndReport(flags.out, config);
  });

program
  .command("prepare")
  .description("Make a training store: regrid, pack, measure. Run it again to go on after an interruption.")
  .argument("[overrides...]", "settings as a.b=c, e.g. sources=[era5.zarr] channels=[z500,t2m] grid.kind=regular")
  .option("-p, --preset <name>", "settings to start from: quickstart-prepare, global-prepare, london-prepare")
  .option("-c, --config <file>", "YAML or TypeScript file with settings; give it again for more", appendValue, [])
  .option("-o, --out <folder>", "folder of the store", "store")
  .option("--print-config", "print the settings and stop")
  .addHelpText(
    "after",
    `
Examples:
  graticule-forecast prepare --config era5.yaml --out stores/era5
  graticule-forecast prepare sources=[era5/*.nc] channels=[t2m,msl] splits.train=[2013,2014] splits.test=[2014,2015]
  graticule-forecast prepare --config era5.yaml dtype=int16 times.stepHours=6 --print-config`,
  )
  .action(
    async (overrides: string[], flags: { preset?: string; config: string[]; out: string; printConfig?: boolean }) => {
      const files = [...(flags.preset ? [await presetPath(flags.preset)] : []), ...flags.config];
      const config = await readConfig(prepareConfig, { files, overrides });
      if (flags.printConfig) process.stdout.write(printConfig(config));
      else await prepareAndReport(flags.out, config);
    },
  );

program
  .command("train")
  .description("Train a forecaster on a store; the best weights by validation are kept.")
  .argument("[overrides...]", "settings as a.b=c, e.g. store=stores/era5 data.leadTimeHours=24 model.depth=8")
  .option("-p, --preset <name>", "settings to start from: quickstart, global, london")
  .option("-c, --config <file>", "YAML or TypeScript file with settings; give it again for more", appendValue, [])
  .option("-o, --out <folder>", "run folder for checkpoints, logs and the report", "runs/forecast")
  .option("--print-config", "print the settings and stop")
  .addHelpText(
    "after",
    `
Examples:
  graticule-forecast train --preset global store=stores/global --out runs/global
  graticule-forecast train --config my-run.yaml backend.precision=bf16 --out runs/mine
  graticule-forecast train store=stores/era5 data.leadTimeHours=72 model.preset=small --print-config`,
  )
  .action(
    async (
      overrides: string[],
      flags: { preset?: string; config: string[]; out: string; printConfig?: boolean },
    ): Promise<void> => {
      const files = [...(flags.preset ? [await presetPath(flags.preset)] : []), ...flags.config];
      const config = await readConfig(trainConfig, { files, overrides });
      if (flags.printConfig) process.stdout.write(printConfig(config));
      else await trainAndReport(flags.out, config, false);
    },
  );

program
  .command("resume")
  .description("Go on with an interrupted run from its newest checkpoint.")
  .argument("<run>", "run folder")
  .argument("[overrides...]", "settings that may change: train.epochs, loader.*, backend.threads, store")
  .addHelpText("after", "\nExample:\n  graticule-forecast resume runs/mine train.epochs=400")
  .action(async (run: string, overrides: string[]) => trainAndReport(run, await readTrainConfig(run, overrides), true));

program
  .command("rollout")
  .description(
    "Forecast into a NetCDF file of WeatherBench 2's layout: (time, prediction_timedelta, level, latitude, longitude).",
  )
  .argument("<run>", "run folder")
  .requiredOption("--from <time>", "first start, e.g. 2026-02-11 or 2026-02-11T06:00")
  .option("--to <time>", "end of the starts, left out; one start when absent")
  .option("--every <hours>", "hours between starts", numberOption("hours"), 24)
  .option("--lead <hours...>", "lead times, each forecast directly; all of the run when absent", numbersOption("hours"))
  .option("--steps <count>", "go on from its own forecasts so many times instead", numberOption("count"))
  .option(
    "--step-hours <hours>",
    "length of such a step; the run's shortest lead time when absent",
    numberOption("hours"),
  )
  .option("--store <folder>", "store to start from; the run's own when absent")
  .option("-o, --out <file>", "NetCDF file; RUN/forecast.nc when absent")
  .addHelpText(
    "after",
    `
Examples:
  graticule-forecast rollout runs/global --from 2026-02-11 --lead 24 48 72
  graticule-forecast rollout runs/global --from 2026-02-11 --to 2026-02-25 --every 12 --out forecasts.nc
  graticule-forecast rollout runs/global --from 2026-02-11 --steps 20 --step-hours 6`,
  )
  .action(async (folder: string, flags: RolloutFlags) => {
    const run = await openForecastRun(folder, flags.store ? [`store=${flags.store}`] : [], stderrLogger);
    try {
      const starts = await chooseStarts(run.config.store, {
        from: flags.from,
        ...(flags.to !== undefined && { to: flags.to }),
        everyHours: flags.every,
      });
      const { leadTimeHours } = run.samples;
      const out = flags.out ?? join(folder, "forecast.nc");
      const plan: RolloutPlan =
        flags.steps === undefined
          ? { leadTimesHours: flags.lead ?? leadTimeHours }
          : { steps: flags.steps, stepHours: flags.stepHours ?? (leadTimeHours[0] as number) };
      const show = makeProgressLine(process.stderr);
      await writeForecasts(out, run, starts, plan, (done, total) => show("forecasts", done, total));
      process.stdout.write(`forecasts: ${out}\n`);
    } finally {
      await run.close();
    }
  });

program
  .command("score")
  .description("Score a run, or a forecast file, on held-out dates, beside baselines; into scores.json and the report.")
  .argument("<forecast>", "run folder, or NetCDF file or Zarr store in WeatherBench 2's layout")
  .option("--store <folder>", "store with the truth; a run's own when absent")
  .option("--split <name>", "split to score", "test")
  .option(
    "--lead <hours...>",
    "lead times; 6, 12, 24, 48, 72, 120, … of those that the forecast has when absent",
    numbersOption("hours"),
  )
  .option("--protocol <name>", "weatherbench1, weatherbench2 or climax", "weatherbench2")
  .option("--region <names...>", "regions of WeatherBench 2, or all; global, tropics and both hemispheres when absent")
  .option("--members <count>", "score an ensemble of so many forecasts of a run", numberOption("count"))
  .option(
    "--input-noise <share>",
    "noise on the states that sets members apart, as a share of each channel's standard deviation",
    numberOption("share"),
  )
  .option(
    "--block-hours <hours>",
    "blocks of the bootstrap; 120, or the lead time if longer, when absent",
    numberOption("hours"),
  )
  .option("--seed <number>", "of the bootstrap", numberOption("seed"), 0)
  .option("-o, --out <folder>", "folder for scores.json and the report; the run when absent")
  .addHelpText(
    "after",
    `
Examples:
  graticule-forecast score runs/global
  graticule-forecast score runs/global --region global europe --members 16 --input-noise 0.1
  graticule-forecast score forecasts.nc --store stores/global --lead 24 72 --out scores`,
  )
  .action(async (forecast: string, flags: ScoreFlags) => {
    process.stdout.write(await scoreAndReport(forecast, flags));
  });

program
  .command("plot")
  .description("Draw maps of truth, forecast and error, and an animation, into the run folder and its report.")
  .argument("<run>", "run folder")
  .requiredOption("--from <time>", "start of the forecast, e.g. 2026-02-14")
  .option("--lead <hours...>", "lead times of the maps; 24 and 72, or the last, when absent", numbersOption("hours"))
  .option("--channel <names...>", "channels to draw; the first four when absent")
  .addOption(
    new Option("--projection <name>", "of the maps")
      .choices(["equirectangular", "natural-earth", "orthographic"])
      .default("equirectangular"),
  )
  .addHelpText("after", "\nExample:\n  graticule-forecast plot runs/global --from 2026-02-14 --lead 24 72")
  .action(
    async (
      folder: string,
      flags: { from: string; lead?: number[]; channel?: string[]; projection: string },
    ): Promise<void> => {
      const run = await openForecastRun(folder, [], stderrLogger);
      const store = await openWeatherStore(run.config.store);
      try {
        const [startHours] = await chooseStarts(run.config.store, { from: flags.from, everyHours: 1 });
        const known = run.samples.leadTimeHours;
        const usual = known.filter((lead) => lead === 24 || lead === 72);
        const part = await plotForecast(run, store, {
          startHours: startHours as number,
          leadTimesHours: flags.lead ?? (usual.length > 0 ? usual : known.slice(-1)),
          projection: flags.projection as MapProjectionName,
          ...(flags.channel && { channels: flags.channel }),
        });
        process.stdout.write(`report: ${await updateReport(folder, "maps", part)}\n`);
      } finally {
        await store.close();
        await run.close();
      }
    },
  );

program
  .command("inspect")
  .description("Show what a store, or a file of weather data, holds.")
  .argument("<uri>", "folder of a store; file, folder, zip or URL of NetCDF, HDF5 or Zarr")
  .addHelpText("after", "\nExamples:\n  graticule-forecast inspect stores/era5\n  graticule-forecast inspect era5.zarr")
  .action(async (uri: string) => {
    process.stdout.write(`${await inspect(uri)}\n`);
  });

await runProgram(program);
