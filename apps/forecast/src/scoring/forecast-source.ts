import { FormatError, MismatchError } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import { openDataset, readCoordinate, readTimeAxis, type WeatherStore } from "@graticule/data-era5";
import type { ForecastRun } from "../forecasting/open-run.js";
import { rollout } from "../forecasting/rollout.js";
import { forecastVariables } from "../forecasting/write-forecasts.js";

/** Where forecasts to be scored come from. */
export interface ForecastSource {
  readonly name: string;
  /** SHA-256 of the weights; null where it is not known. */
  readonly checkpoint: string | null;
  readonly channels: ChannelSchema;
  readonly historyHours: readonly number[];
  /** Lead times that it has. */
  readonly leadTimesHours: readonly number[];
  /** Starts that it has; any that the store has if absent. */
  readonly startHours?: ReadonlySet<number>;
  /** Shape: `[V, H, W]`, in the channels' own units. */
  read(startHours: number, leadTimeHours: number): Promise<Float32Array>;
}

/** Forecasts that a run makes when asked. */
export function runSource(run: ForecastRun): ForecastSource {
  return {
    name: "model",
    checkpoint: run.checkpoint,
    channels: run.channels,
    historyHours: run.config.data.historyHours,
    leadTimesHours: run.samples.leadTimeHours,
    async read(start, lead) {
      const field = await rollout(run, [start], { leadTimesHours: [lead] }).next();
      return (field.value as { fields: Float32Array }).fields;
    },
  };
}

/**
 * Forecasts of a file in WeatherBench 2's layout, on a store's grid and in its units.
 *
 * @throws {FormatError} if it has not that layout, or no channel of the store.
 */
export async function fileSource(path: string, store: WeatherStore): Promise<ForecastSource> {
  const file = await openDataset(path);
  const dims = file.dimensions;
  if (dims.prediction_timedelta === undefined || dims.time === undefined)
    throw new FormatError(
      path,
      "dimensions time and prediction_timedelta",
      Object.keys(dims).join(", "),
      "Write it with graticule-forecast rollout, or rename them.",
    );
  const starts = Array.from((await readTimeAxis(file, "time")).milliseconds, (time) => time / 3_600_000);
  const leads = Array.from((await readCoordinate(file, "prediction_timedelta")).values);
  const levels = dims.level === undefined ? [] : Array.from((await readCoordinate(file, "level")).values);
  const { latitudes, longitudes } = store.grid;
  if (dims.latitude !== latitudes.length || dims.longitude !== longitudes.length)
    throw new MismatchError(
      path,
      `the store's grid of ${latitudes.length} x ${longitudes.length}`,
      `${dims.latitude} x ${dims.longitude}`,
      "Regrid one of them.",
    );
  const { variables } = forecastVariables(store.schema);
  const found = variables
    .flatMap(({ name, channels, hasLevels }) =>
      channels.flatMap((channel) => {
        const schema = store.schema[channel] as ChannelSchema[number];
        const variable = file.variables.get(hasLevels ? name : schema.name);
        const level = hasLevels ? levels.indexOf(schema.levelHpa as number) : -1;
        return variable && (level >= 0 || !hasLevels) ? [{ channel, schema, variable, level }] : [];
      }),
    )
    .sort((a, b) => a.channel - b.channel);
  if (found.length === 0)
    throw new FormatError(
      path,
      `a channel of the store (${store.schema.map(({ name }) => name).join(", ")})`,
      [...file.variables.keys()].join(", "),
    );
  const plane = latitudes.length * longitudes.length;
  return {
    name: "forecast",
    checkpoint: typeof file.attributes.checkpoint_sha256 === "string" ? file.attributes.checkpoint_sha256 : null,
    channels: found.map(({ schema }) => schema),
    historyHours: [],
    leadTimesHours: leads,
    startHours: new Set(starts),
    async read(start, lead) {
      const fields = new Float32Array(found.length * plane);
      for (const [place, { variable, level }] of found.entries()) {
        const { data } = await variable.read({
          time: starts.indexOf(start),
          prediction_timedelta: leads.indexOf(lead),
          ...(level >= 0 && { level }),
        });
        fields.set(data as Float32Array, place * plane);
      }
      return fields;
    },
  };
}
