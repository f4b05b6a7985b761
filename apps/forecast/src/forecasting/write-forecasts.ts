import { open, rename, rm } from "node:fs/promises";
import type { Channel } from "@graticule/data";
import { type NetcdfVariable, writeNetcdf } from "@graticule/data-era5";
import { type Communicator, soloCommunicator } from "@graticule/mpi";
import type { ForecastRun } from "./open-run.js";
import { leadTimesOf, type RolloutPlan, rolloutOnRanks } from "./rollout.js";

/** A variable of the file with the channels that it is made of, one for each level. */
export interface ForecastVariable {
  readonly name: string;
  readonly channels: readonly number[];
  readonly hasLevels: boolean;
}

/**
 * Sorts channels into variables as WeatherBench 2 has them: z500 and z850 are levels of z, where all variables with
 * levels have the same ones; else each channel is a variable of its own.
 */
export function forecastVariables(channels: readonly Channel[]): {
  readonly variables: readonly ForecastVariable[];
  readonly levels: readonly number[];
} {
  const byName = new Map<string, { readonly level: number; readonly channel: number }[]>();
  for (const [channel, { name, levelHpa }] of channels.entries()) {
    if (levelHpa === undefined) continue;
    const base = name.endsWith(String(levelHpa)) ? name.slice(0, -String(levelHpa).length) : name;
    byName.set(base, [...(byName.get(base) ?? []), { level: levelHpa, channel }]);
  }
  for (const members of byName.values()) members.sort((a, b) => a.level - b.level);
  const lists = [...byName.values()].map((members) => members.map(({ level }) => level).join());
  const isShared = new Set(lists).size === 1;
  const taken = new Set(channels.map(({ name }) => name));
  if (
    !isShared ||
    [...byName.keys()].some(
      (name) => name === "" || (taken.has(name) && !channels.find((c) => c.name === name)?.levelHpa),
    )
  )
    return {
      variables: channels.map(({ name }, channel) => ({ name, channels: [channel], hasLevels: false })),
      levels: [],
    };
  return {
    variables: [
      ...[...byName].map(([name, members]) => ({
        name,
        channels: members.map(({ channel }) => channel),
        hasLevels: true,
      })),
      ...channels.flatMap(({ name, levelHpa }, channel) =>
        levelHpa === undefined ? [{ name, channels: [channel], hasLevels: false }] : [],
      ),
    ],
    levels: (lists[0] as string).split(",").map(Number),
  };
}

export interface WriteForecastsOptions {
  /** Ranks that make the forecasts together, the same bytes for any number; every rank calls, rank 0 writes. */
  readonly world?: Communicator;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes forecasts as CF-NetCDF in WeatherBench 2's layout, (time, prediction_timedelta, level, latitude, longitude): time
 * is the start. Fields go through a file beside the result, so that memory holds one of them; the result appears whole.
 *
 * Source: WeatherBench 2, "Forecast data format".
 */
export async function writeForecasts(
  path: string,
  run: ForecastRun,
  startsHours: readonly number[],
  plan: RolloutPlan,
  { world = soloCommunicator(), onProgress }: WriteForecastsOptions = {},
): Promise<void> {
  const forecasts = rolloutOnRanks(world, run, startsHours, plan);
  if (world.rank > 0) {
    await forecasts.next();
    return;
  }
  const leads = leadTimesOf(plan);
  const { latitudes, longitudes } = run.samples.grid;
  const plane = latitudes.length * longitudes.length;
  const total = startsHours.length * leads.length;
  const spoolPath = `${path}.fields`;
  const spool = await open(spoolPath, "w+");
  try {
    let done = 0;
    for await (const { fields } of forecasts) {
      await spool.write(new Uint8Array(fields.buffer, fields.byteOffset, fields.byteLength));
      onProgress?.(++done, total);
    }
    async function* planes(channels: readonly number[]): AsyncGenerator<Float32Array> {
      for (let field = 0; field < total; field++)
        for (const channel of channels) {
          const values = new Float32Array(plane);
          const at = (field * run.channels.length + channel) * plane * 4;
          await spool.read(new Uint8Array(values.buffer), 0, plane * 4, at);
          yield values;
        }
    }
    const { variables, levels } = forecastVariables(run.channels);
    const fieldVariables = variables.map(({ name, channels, hasLevels }): [string, NetcdfVariable] => [
      name,
      {
        dims: ["time", "prediction_timedelta", ...(hasLevels ? ["level"] : []), "latitude", "longitude"],
        dtype: "float32",
        data: planes(channels),
        attributes: { units: run.channels[channels[0] as number]?.unit ?? "1" },
      },
    ]);
    const axis = (
      name: string,
      data: ArrayLike<number>,
      attributes: Record<string, string>,
    ): [string, NetcdfVariable] => [name, { dims: [name], data: Float64Array.from(data), attributes }];
    await writeNetcdf(`${path}.partial`, {
      dimensions: {
        time: startsHours.length,
        prediction_timedelta: leads.length,
        ...(levels.length > 0 && { level: levels.length }),
        latitude: latitudes.length,
        longitude: longitudes.length,
      },
      variables: Object.fromEntries([
        axis("time", startsHours, {
          units: "hours since 1970-01-01",
          standard_name: "forecast_reference_time",
          calendar: "standard",
        }),
        axis("prediction_timedelta", leads, { units: "hours", standard_name: "forecast_period" }),
        ...(levels.length > 0 ? [axis("level", levels, { units: "hPa", positive: "down" })] : []),
        axis("latitude", latitudes, { units: "degrees_north", standard_name: "latitude" }),
        axis("longitude", longitudes, { units: "degrees_east", standard_name: "longitude" }),
        ...fieldVariables,
      ]),
      attributes: {
        Conventions: "CF-1.8",
        source: `graticule-forecast rollout of ${run.folder}, step ${run.step}`,
        checkpoint_sha256: run.checkpoint,
        method: "steps" in plan ? `${plan.steps} steps of ${plan.stepHours} h` : "each lead time directly",
      },
    });
    await rename(`${path}.partial`, path);
  } finally {
    await spool.close();
    await rm(spoolPath);
  }
}
