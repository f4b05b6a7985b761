import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
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
/** Float64: the number of whole files, then the coefficients at the last time in them. */
const STATE_FILE = "state.f64";
/** The level that a flow of one layer stands for. Source: Charney, Fjørtoft and von Neumann 1950. */
const LEVEL_HPA = 500;

/**
 * Runs a simulation and writes relative vorticity `vo`, winds `u` and `v`, and streamfunction `strf` at 500 hPa as
 * CF-NetCDF, a file for each year, with all settings among its attributes. Equal options give equal bytes. Called again
 * after a crash it goes on behind the last whole year, to the same bytes.
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
  const files = years.map(({ year }) => join(folder, `${String(year).padStart(4, "0")}.nc`));
  const saved = await readState(folder, files);
  const vorticity = saved?.vorticity ?? simulation.start();
  let done = 0;
  for (const [index, { hours }] of years.entries()) {
    if (index < (saved?.wholeFiles ?? 0)) {
      done += hours.length;
      continue;
    }
    const states: Float64Array[] = [];
    for (const _ of hours) {
      if (done > 0) simulation.advance(vorticity, options.times.stepHours);
      states.push(vorticity.slice());
      done += 1;
      if (done < total) onProgress?.(done, total);
    }
    const path = files[index] as string;
    // A name that no pattern of *.nc takes, until the file is whole.
    await writeYear(`${path}.partial`, simulation, { states, hours, settings });
    await rename(`${path}.partial`, path);
    await writeState(folder, index + 1, vorticity);
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
  if (found === undefined) await writeFile(path, settings);
}

async function writeState(folder: string, wholeFiles: number, vorticity: Float64Array): Promise<void> {
  const path = join(folder, STATE_FILE);
  const numbers = Float64Array.of(wholeFiles, ...vorticity);
  await writeFile(`${path}.partial`, new Uint8Array(numbers.buffer), { flush: true });
  await rename(`${path}.partial`, path);
}

/** Where an interrupted simulation goes on; undefined if it begins anew. */
async function readState(
  folder: string,
  files: readonly string[],
): Promise<{ readonly wholeFiles: number; readonly vorticity: Float64Array } | undefined> {
  const names = new Set(await readdir(folder));
  if (!names.has(STATE_FILE)) return undefined;
  const bytes = await readFile(join(folder, STATE_FILE));
  const numbers = new Float64Array(new Uint8Array(bytes).buffer);
  const wholeFiles = numbers[0] as number;
  if (!files.slice(0, wholeFiles).every((path) => names.has(basename(path)))) return undefined;
  return { wholeFiles, vorticity: numbers.slice(1) };
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
