import { FormatError, MismatchError } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import { openDataset, readCoordinate, readTimeAxis, type WeatherStore } from "@graticule/data-era5";
import type { EnsembleChoice } from "../forecasting/ensemble-choice.js";
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
  /** M, if it is an ensemble. */
  readonly numMembers?: number;
  /** The forecast, or all members of an ensemble. Shape: `[V, H, W]` each, in the channels' own units. */
  read(startHours: number, leadTimeHours: number): Promise<readonly Float32Array[]>;
}

/** Forecasts that a run makes when asked: one, or an ensemble. */
export function runSource(run: ForecastRun, ensemble?: EnsembleChoice): ForecastSource {
  return {
    name: ensemble ? `ensemble of ${ensemble.members}` : "model",
    ...(ensemble && { numMembers: ensemble.members }),
    checkpoint: run.checkpoint,
    channels: run.channels,
    historyHours: run.config.data.historyHours,
    leadTimesHours: run.samples.leadTimeHours,
    async read(start, lead) {
      if (ensemble) return (await run.predictMembers(start, lead, ensemble)).map(run.denormalize);
      const field = await rollout(run, [start], { leadTimesHours: [lead] }).next();
      return [(field.value as { fields: Float32Array }).fields];
    },
  };
}

/** Names of a dimension of ensemble members. */
const MEMBER_DIMS = ["number", "realization", "member"];

/**
 * Forecasts of a file in WeatherBench 2's layout, on a store's grid and in its units; an ensemble where it has a dimension
 * of members (number, realization, member).
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
  const memberDim = MEMBER_DIMS.find((name) => (dims[name] ?? 0) > 1);
  const numMembers = memberDim === undefined ? undefined : dims[memberDim];
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
    ...(numMembers !== undefined && { numMembers }),
    checkpoint: typeof file.attributes.checkpoint_sha256 === "string" ? file.attributes.checkpoint_sha256 : null,
    channels: found.map(({ schema }) => schema),
    historyHours: [],
    leadTimesHours: leads,
    startHours: new Set(starts),
    async read(start, lead) {
      const place = { time: starts.indexOf(start), prediction_timedelta: leads.indexOf(lead) };
      const readMember = async (member: number): Promise<Float32Array> => {
        const fields = new Float32Array(found.length * plane);
        for (const [at, { variable, level }] of found.entries()) {
          const { data } = await variable.read({
            ...place,
            ...(level >= 0 && { level }),
            ...(memberDim !== undefined && variable.dims.includes(memberDim) && { [memberDim]: member }),
          });
          fields.set(data as Float32Array, at * plane);
        }
        return fields;
      };
      return Promise.all(Array.from({ length: numMembers ?? 1 }, (_, member) => readMember(member)));
    },
  };
}
