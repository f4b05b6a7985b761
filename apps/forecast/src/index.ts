/**
 * Weather forecasting, as the command `graticule-forecast` does it.
 *
 * ```ts
 * import {
 *   openForecastRun, prepare, prepareConfig, trainConfig, trainForecaster, writeForecasts,
 * } from "@graticule/forecast";
 * const config = prepareConfig.parse({
 *   sources: ["era5.zarr"],
 *   channels: ["z500", "t850", "t2m"],
 *   grid: { kind: "regular", size: [32, 64] },
 *   splits: { train: ["1979", "2016"], val: ["2016", "2017"], test: ["2017", "2019"] },
 * });
 * await prepare("stores/era5", config);
 * await trainForecaster("runs/era5", trainConfig.parse({ store: "stores/era5", data: { leadTimeHours: 24 } }));
 * const run = await openForecastRun("runs/era5");
 * await writeForecasts("forecast.nc", run, [438_300], { leadTimesHours: [24] }); // hours since 1970
 * ```
 */
export { type ForecastRun, openForecastRun } from "./forecasting/open-run.js";
export { chooseStarts, type ForecastField, type RolloutPlan, rollout } from "./forecasting/rollout.js";
export { type WriteForecastsOptions, writeForecasts } from "./forecasting/write-forecasts.js";
export { inspect } from "./inspect.js";
export { type PlotOptions, plotForecast } from "./plotting/plot-forecast.js";
export { type PrepareOptions, type PrepareReport, type PrepareSummary, prepare } from "./prepare.js";
export { type PrepareConfig, prepareConfig } from "./prepare-config.js";
export { type ForecastSource, fileSource, runSource } from "./scoring/forecast-source.js";
export { type ScoreOptions, type ScoreSheet, scoreForecasts, writeScores } from "./scoring/score.js";
export { type SimulateConfig, simulateConfig } from "./simulate-config.js";
export { type ExportClimaxOptions, type ExportedClimax, exportClimax } from "./training/export-climax.js";
export { type ImportClimaxOptions, type ImportedClimax, importClimax } from "./training/import-climax.js";
export { type TrainConfig, trainConfig } from "./training/train-config.js";
export { readTrainConfig, trainForecaster } from "./training/train-forecaster.js";
