import { join } from "node:path";
import {
  addRanksOption,
  makeProgressLine,
  numberOption,
  numbersOption,
  type RanksFlags,
  stderrLogger,
  updateReport,
} from "@graticule/classify";
import { openWeatherStore } from "@graticule/data-era5";
import type { MapProjectionName } from "@graticule/plot";
import { type Command, Option } from "commander";
import { openForecastRun } from "../forecasting/open-run.js";
import { chooseStarts, type RolloutPlan } from "../forecasting/rollout.js";
import { withRunOnRanks } from "../forecasting/run-on-rank.js";
import { writeForecasts } from "../forecasting/write-forecasts.js";
import { plotForecast } from "../plotting/plot-forecast.js";
import { type ScoreFlags, scoreAndReport } from "../scoring/score-command.js";

interface RolloutFlags extends RanksFlags {
  readonly from: string;
  readonly to?: string;
  readonly every: number;
  readonly lead?: readonly number[];
  readonly steps?: number;
  readonly stepHours?: number;
  readonly store?: string;
  readonly out?: string;
}

/** Adds what uses a trained run: `rollout`, `score`, `plot`. */
export function addForecastCommands(program: Command): void {
  addRanksOption(program.command("rollout"))
    .description(
      "Forecast into a NetCDF file of WeatherBench 2's layout: (time, prediction_timedelta, level, latitude, longitude).",
    )
    .argument("<run>", "run folder")
    .requiredOption("--from <time>", "first start, e.g. 2026-02-11 or 2026-02-11T06:00")
    .option("--to <time>", "end of the starts, left out; one start when absent")
    .option("--every <hours>", "hours between starts", numberOption("hours"), 24)
    .option(
      "--lead <hours...>",
      "lead times, each forecast directly; all of the run when absent",
      numbersOption("hours"),
    )
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
  graticule-forecast rollout runs/global --from 2026-02-11 --to 2026-03-11 --steps 20 --step-hours 6 --ranks 4`,
    )
    .action(async (folder: string, flags: RolloutFlags) => {
      await withRunOnRanks(flags, folder, flags.store ? [`store=${flags.store}`] : [], async (run, world) => {
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
        const onProgress = (done: number, total: number) => show("forecasts", done, total);
        await writeForecasts(out, run, starts, plan, { world, onProgress });
        if (world.rank === 0) process.stdout.write(`forecasts: ${out}\n`);
      });
    });

  addRanksOption(program.command("score"))
    .description(
      "Score a run, or a forecast file, on held-out dates, beside baselines; into scores.json and the report.",
    )
    .argument("<forecast>", "run folder, or NetCDF file or Zarr store in WeatherBench 2's layout")
    .option("--store <folder>", "store with the truth; a run's own when absent")
    .option("--split <name>", "split to score", "test")
    .option(
      "--lead <hours...>",
      "lead times; 6, 12, 24, 48, 72, 120, … of those that the forecast has when absent",
      numbersOption("hours"),
    )
    .option("--protocol <name>", "weatherbench1, weatherbench2 or climax", "weatherbench2")
    .option(
      "--region <names...>",
      "regions of WeatherBench 2, or all; global, tropics and both hemispheres when absent",
    )
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
  graticule-forecast score runs/global --ranks 4
  graticule-forecast score runs/global --region global europe --members 16 --input-noise 0.1
  graticule-forecast score forecasts.nc --store stores/global --lead 24 72 --out scores`,
    )
    .action(async (forecast: string, flags: ScoreFlags) => {
      await scoreAndReport(forecast, flags);
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
}
