import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, MismatchError } from "@graticule/core";
import type { AttributeValue } from "../gridded-dataset.js";
import { writeNetcdf } from "../netcdf3/write-netcdf.js";
import { dateOf, parseHours } from "../store/store-time.js";
import { makeSimulation, type Simulation } from "./simulation.js";
import type { SimulationOptions } from "./simulation-options.js";

export interface WriteSimulationOptions extends SimulationOptions {
  /** First date, first date that is left out, and the time between fields; dates as 2001 or 2001-02-03. */
  readonly times: { readonly from: string; readonly to: string; readonly stepHours: number };
}

/** Files of a simulation, one for each year, and the number of times in them. */
export interface WrittenSimulation {
  readonly files: readonly string[];
  readonly times: number;
}

const CALENDAR = "standard";
const SETTINGS_FILE = "simulation.json";
/** The level that a flow of one layer stands for. Source: Charney, Fjørtoft and von Neumann 1950. */
const LEVEL_HPA = 500;

/**
 * Runs a simulation and writes relative vorticity `vo`, winds `u` and `v`, and streamfunction `strf` at 500 hPa as
 * CF-NetCDF, a file for each year, with all settings among its attributes. Equal options give equal bytes.
 *
 * Layout: (time, level, latitude, longitude) on the Gaussian grid, row 0 in the north.
 *
 * @throws {MismatchError} if the folder holds other files than those of the same simulation.
 * @throws {ConfigError} if the options do not fit each other.
 */
export async function writeSimulation(
  folder: string,
  options: WriteSimulationOptions,
  onProgress?: (done: number, total: number) => void,
): Promise<WrittenSimulation> {
  const years = planYears(options);
  const total = years.reduce((sum, { hours }) => sum + hours.length, 0);
  const simulation = makeSimulation(options);
  const settings = JSON.stringify(options);
  await claimFolder(folder, settings);
  const vorticity = simulation.start();
  const files: string[] = [];
  let done = 0;
  for (const { year, hours } of years) {
    const states: Float64Array[] = [];
    for (const _ of hours) {
      if (done > 0) simulation.advance(vorticity, options.times.stepHours);
      states.push(vorticity.slice());
      done += 1;
      if (done < total) onProgress?.(done, total);
    }
    const path = join(folder, `${String(year).padStart(4, "0")}.nc`);
    // A name that no pattern of *.nc takes, until the file is whole.
    await writeYear(`${path}.partial`, simulation, { states, hours, settings });
    await rename(`${path}.partial`, path);
    files.push(path);
  }
  onProgress?.(total, total);
  return { files, times: total };
}

function planYears({ times: { from, to, stepHours } }: WriteSimulationOptions): { year: number; hours: number[] }[] {
  const [first, end] = [parseHours(CALENDAR, from), parseHours(CALENDAR, to)];
  if (!(stepHours > 0 && first < end))
    throw new ConfigError(
      `times: expected 'from' before 'to' and a stepHours above 0, got '${from}', '${to}' and ${stepHours}.`,
    );
  const years: { year: number; hours: number[] }[] = [];
  for (let index = 0; first + index * stepHours < end; index += 1) {
    const hour = first + index * stepHours;
    const { year } = dateOf(CALENDAR, hour);
    if (years.at(-1)?.year !== year) years.push({ year, hours: [] });
    years.at(-1)?.hours.push(hour);
  }
  return years;
}

/** Years of another simulation among ours would be read as one series. */
async function claimFolder(folder: string, settings: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  const path = join(folder, SETTINGS_FILE);
  const found = names.includes(SETTINGS_FILE) ? await readFile(path, "utf8") : undefined;
  if (names.length > 0 && found !== settings)
    throw new MismatchError(
      folder,
      "an empty folder, or one of the same simulation",
      found === undefined ? `${names.length} other files` : `one of ${found}`,
      "Choose another folder, or delete this one.",
    );
  await writeFile(path, settings);
}

interface Year {
  readonly states: readonly Float64Array[];
  readonly hours: readonly number[];
  readonly settings: string;
}

async function writeYear(path: string, { model }: Simulation, { states, hours, settings }: Year): Promise<void> {
  const { transform } = model;
  const { latitudes, longitudes } = transform.grid;
  const field = (toField: (state: Float64Array) => Float64Array, attributes: Record<string, AttributeValue>) => ({
    dims: ["time", "level", "latitude", "longitude"],
    attributes,
    data: (async function* () {
      for (const state of states) yield new Float32Array(toField(state));
    })(),
  });
  const axis = (name: string, data: Float64Array, attributes: Record<string, AttributeValue>) => ({
    dims: [name],
    data,
    attributes: { standard_name: name, ...attributes },
  });
  await writeNetcdf(path, {
    dimensions: { time: hours.length, level: 1, latitude: latitudes.length, longitude: longitudes.length },
    variables: {
      time: axis("time", Float64Array.from(hours), { units: "hours since 1970-01-01 00:00:00", calendar: CALENDAR }),
      level: axis("level", Float64Array.of(LEVEL_HPA), {
        standard_name: "air_pressure",
        units: "hPa",
        positive: "down",
      }),
      latitude: axis("latitude", latitudes, { units: "degrees_north" }),
      longitude: axis("longitude", longitudes, { units: "degrees_east" }),
      vo: field((state) => transform.toGrid(state), {
        standard_name: "atmosphere_relative_vorticity",
        long_name: "Vorticity (relative)",
        units: "s-1",
      }),
      u: field(model.eastwardWind, {
        standard_name: "eastward_wind",
        long_name: "U component of wind",
        units: "m s-1",
      }),
      v: field(model.northwardWind, {
        standard_name: "northward_wind",
        long_name: "V component of wind",
        units: "m s-1",
      }),
      strf: field((state) => transform.toGrid(model.streamfunction(state)), {
        standard_name: "atmosphere_horizontal_streamfunction",
        long_name: "Stream function",
        units: "m2 s-1",
      }),
    },
    attributes: {
      Conventions: "CF-1.11",
      title: `Barotropic flow on the sphere, simulated at T${transform.truncation}`,
      source: "Graticule: barotropic vorticity equation, spherical harmonics, Runge-Kutta of fourth order",
      simulation_settings: settings,
    },
  });
}
