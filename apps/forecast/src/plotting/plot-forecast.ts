import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReportPart } from "@graticule/classify";
import { ConfigError } from "@graticule/core";
import { formatHours, type WeatherStore } from "@graticule/data-era5";
import {
  animateRollout,
  type ForecastFrame,
  type MapProjectionName,
  plotForecastMaps,
  type ReportFigure,
  svgToPng,
} from "@graticule/plot";
import type { ForecastRun } from "../forecasting/open-run.js";
import { rollout } from "../forecasting/rollout.js";
import { formatUnit } from "../format-unit.js";
import { makeReader } from "../scoring/baselines.js";
import { mapScales } from "./map-scales.js";

export interface PlotOptions {
  readonly startHours: number;
  /** Rows of the maps. */
  readonly leadTimesHours: readonly number[];
  /** Channels to draw; all targets, four at most, if absent. */
  readonly channels?: readonly string[];
  readonly projection: MapProjectionName;
}

const MOST_CHANNELS = 4;

/**
 * Draws truth, forecast and error as maps and as an animation of all lead times into a run's folder, and gives the
 * report's part.
 *
 * @throws {ConfigError} if a channel or lead time is not predicted. @throws {RangeError} if the store lacks the start or a target.
 */
export async function plotForecast(run: ForecastRun, store: WeatherStore, options: PlotOptions): Promise<ReportPart> {
  const { startHours, leadTimesHours, projection } = options;
  const names = run.channels.map(({ name }) => name);
  const chosen = options.channels ?? names.slice(0, MOST_CHANNELS);
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`--channel: expected channels that are predicted (${names.join(", ")}), got '${unknown}'.`);
  const missing = leadTimesHours.find((lead) => !run.samples.leadTimeHours.includes(lead));
  if (missing !== undefined)
    throw new ConfigError(
      `--lead: expected lead times of the run (${run.samples.leadTimeHours.join(", ")}), got ${missing}.`,
    );
  const read = makeReader(store, run.channels);
  const fields: { readonly lead: number; readonly truth: Float32Array; readonly forecast: Float32Array }[] = [];
  for await (const { leadTimeHours, fields: forecast } of rollout(run, [startHours], {
    leadTimesHours: run.samples.leadTimeHours,
  }))
    fields.push({ lead: leadTimeHours, truth: await read(startHours + leadTimeHours), forecast });

  const { grid } = store;
  const plane = grid.latitudes.length * grid.longitudes.length;
  const start = formatHours(store.calendar, startHours);
  const figures: ReportFigure[] = [];
  for (const name of chosen) {
    const channel = names.indexOf(name);
    const unit = run.channels[channel]?.unit;
    const frames = fields.map(({ lead, truth, forecast }): ForecastFrame & { readonly lead: number } => ({
      lead,
      label: `+${lead} h`,
      truth: truth.slice(channel * plane, (channel + 1) * plane),
      forecast: forecast.slice(channel * plane, (channel + 1) * plane),
    }));
    const view = {
      ...mapScales(frames),
      grid,
      projection,
      title: `${name} from ${start}`,
      label: unit ? `${name} [${formatUnit(unit)}]` : name,
    };
    const svg = plotForecastMaps({ ...view, frames: frames.filter(({ lead }) => leadTimesHours.includes(lead)) });
    await writeFile(join(run.folder, `maps-${name}.svg`), svg);
    await writeFile(join(run.folder, `maps-${name}.png`), svgToPng(svg));
    await writeFile(join(run.folder, `rollout-${name}.png`), animateRollout({ ...view, frames }));
    figures.push({
      svg,
      alt: `Truth, forecast and error of ${name} from ${start}`,
      caption: `Start ${start}; checkpoint ${run.checkpoint.slice(0, 12)}; truth and start from ${store.folder}; all lead times: rollout-${name}.png`,
    });
  }
  return { sections: [{ heading: `Forecast from ${start}`, figures }] };
}
