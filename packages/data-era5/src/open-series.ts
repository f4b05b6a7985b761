import { MismatchError } from "@graticule/core";
import { expandPaths } from "@graticule/data";
import { encodeTimes, formatTime, makeTimeAxis, type TimeAxis } from "./cf/time-axis.js";
import type { GriddedDataset, GriddedVariable } from "./gridded-dataset.js";
import { DEFAULT_MAX_VALUES, makeDatasetCache, type OpenDatasetOptions, openDatasetWith } from "./open-dataset.js";
import { coordinateOf, dimensionOf, readTimeAxis } from "./select/coordinates.js";
import { resolveSelection } from "./select/resolve-selection.js";
import { makeDatasetPool } from "./series/dataset-pool.js";
import { makeSeriesVariable, type SeriesFile } from "./series/series-variable.js";

export interface OpenSeriesOptions extends OpenDatasetOptions {
  /** The dimension that the files continue; the one that stands for time if absent. */
  readonly dim?: string;
  /** Most files open at once; 16 if absent. */
  readonly maxOpen?: number;
}

/** Times that are missing between two neighbors: steps longer than the usual one. */
export interface TimeGap {
  /** The last time before the gap and the first after it, as `2013-11-02T06:00:00`. */
  readonly after: string;
  readonly before: string;
  /** How many times are missing. */
  readonly missing: number;
}

/** Many files as one dataset. */
export interface SeriesDataset extends GriddedDataset {
  readonly files: readonly SeriesFile[];
  readonly times: TimeAxis;
  readonly gaps: readonly TimeGap[];
}

const DEFAULT_MAX_OPEN = 16;

/**
 * Opens files that continue each other in time as one dataset: a list, a folder, or a path with `*` and `?` in its
 * last part. They are put in the order of their times; each is opened when it is read.
 *
 * @throws {MismatchError} naming the files, if their times overlap or fall, or they differ in variables, grid or
 * calendar. Gaps are no error: see {@link SeriesDataset.gaps}.
 */
export async function openSeries(
  uris: string | readonly string[],
  options: OpenSeriesOptions = {},
): Promise<SeriesDataset> {
  const { maxValues = DEFAULT_MAX_VALUES, maxOpen = DEFAULT_MAX_OPEN } = options;
  const paths = await expandPaths("openSeries", uris);
  const cache = makeDatasetCache(options);
  const pool = makeDatasetPool((uri) => openDatasetWith(uri, maxValues, cache), maxOpen);
  try {
    const surveyed: Surveyed[] = [];
    for (const uri of paths) surveyed.push(await pool.use(uri, (dataset) => survey(dataset, options.dim)));
    surveyed.sort((a, b) => firstOf(a) - firstOf(b));
    const first = surveyed[0] as Surveyed;
    for (const other of surveyed) assertSameLayout(first, other);
    const times = joinTimes(surveyed);
    let start = 0;
    const files = surveyed.map(({ uri, times: own }): SeriesFile => {
      const file = { uri, start, count: own.milliseconds.length };
      start += file.count;
      return file;
    });
    const { dim, units } = first;
    const hasOneUnit = surveyed.every((file) => file.units === units);
    const variables = new Map<string, GriddedVariable>();
    for (const variable of first.variables) {
      if (variable.name === dim) variables.set(dim, timeVariable(variable, times, units));
      // Bounds count in their file's units: without one unit they have no meaning together.
      else if (hasOneUnit || variable.name !== first.boundsName)
        variables.set(variable.name, makeSeriesVariable(variable, dim, files, pool, maxValues));
    }
    return {
      uri: typeof uris === "string" ? uris : first.uri,
      dimensions: { ...first.dimensions, [dim]: start },
      attributes: first.attributes,
      variables,
      files,
      times,
      gaps: findGaps(times),
      close: () => pool.close(),
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** What is kept of a file after its first opening. */
interface Surveyed {
  readonly uri: string;
  readonly dim: string;
  readonly units: string;
  readonly boundsName: string;
  readonly times: TimeAxis;
  readonly dimensions: GriddedDataset["dimensions"];
  readonly attributes: GriddedDataset["attributes"];
  readonly variables: readonly Omit<GriddedVariable, "read">[];
  /** Values of the other dimensions' coordinates. */
  readonly coordinates: ReadonlyMap<string, Float32Array | Float64Array>;
}

async function survey(dataset: GriddedDataset, wanted: string | undefined): Promise<Surveyed> {
  const dim = wanted ?? dimensionOf(dataset, "time") ?? "time";
  const times = await readTimeAxis(dataset, dim);
  assertRising(dataset.uri, times);
  const coordinates = new Map<string, Float32Array | Float64Array>();
  for (const name of Object.keys(dataset.dimensions)) {
    const variable = name === dim ? undefined : coordinateOf(dataset, name);
    if (variable !== undefined) coordinates.set(name, (await variable.read()).data);
  }
  const time = coordinateOf(dataset, dim);
  return {
    uri: dataset.uri,
    dim,
    units: String(time?.attributes.units),
    boundsName: String(time?.attributes.bounds),
    times,
    dimensions: dataset.dimensions,
    attributes: dataset.attributes,
    variables: [...dataset.variables.values()].map(({ name, dims, shape, attributes }) => ({
      name,
      dims,
      shape,
      attributes,
    })),
    coordinates,
  };
}

function firstOf({ times }: Surveyed): number {
  return times.milliseconds[0] ?? -Infinity;
}

function assertRising(uri: string, { milliseconds, calendar }: TimeAxis): void {
  const at = milliseconds.findIndex((value, index) => !(index === 0 || value > (milliseconds[index - 1] as number)));
  if (at >= 0 || milliseconds.some(Number.isNaN))
    throw new MismatchError(
      `openSeries: ${uri}`,
      "times that rise",
      at > 0
        ? `${formatTime(milliseconds[at] as number, calendar)} after ${formatTime(milliseconds[at - 1] as number, calendar)}`
        : "a missing time",
      "Sort the file's times.",
    );
}

/** @throws {MismatchError} if two files can't be parts of one dataset. */
function assertSameLayout(first: Surveyed, other: Surveyed): void {
  const fail = (expected: string, got: string): MismatchError =>
    new MismatchError(`openSeries: ${other.uri}`, `${expected}, as in ${first.uri}`, got, "Open them apart.");
  if (other.dim !== first.dim) throw fail(`the dimension '${first.dim}'`, `'${other.dim}'`);
  if (other.times.calendar !== first.times.calendar)
    throw fail(`the calendar ${first.times.calendar}`, other.times.calendar);
  for (const { name, dims, shape, attributes } of first.variables) {
    const found = other.variables.find((variable) => variable.name === name);
    const describe = (sizes: readonly number[], names: readonly string[]): string =>
      `[${names.map((dim, at) => (dim === first.dim ? dim : `${dim} ${sizes[at]}`)).join(", ")}]`;
    const expected = describe(shape, dims);
    if (found === undefined) throw fail(`a variable '${name}'`, "none");
    if (describe(found.shape, found.dims) !== expected)
      throw fail(`'${name}' with ${expected}`, describe(found.shape, found.dims));
    if (name !== first.dim && found.attributes.units !== attributes.units)
      throw fail(`'${name}' in ${attributes.units}`, `${found.attributes.units}`);
  }
  for (const [name, values] of first.coordinates)
    if (other.coordinates.get(name)?.some((value, index) => value !== values[index] && !Number.isNaN(value)))
      throw fail(`the same values of '${name}'`, "others");
}

function joinTimes(files: readonly Surveyed[]): TimeAxis {
  const { calendar } = (files[0] as Surveyed).times;
  for (let index = 1; index < files.length; index++) {
    const [before, after] = [files[index - 1] as Surveyed, files[index] as Surveyed];
    const last = before.times.milliseconds.at(-1);
    if (last !== undefined && firstOf(after) <= last)
      throw new MismatchError(
        `openSeries: ${after.uri}`,
        `times after ${formatTime(last, calendar)}, the last of ${before.uri}`,
        formatTime(firstOf(after), calendar),
        "Leave one of the files out, or cut it.",
      );
  }
  const lengths = files.map(({ times }) => times.milliseconds.length);
  const milliseconds = new Float64Array(lengths.reduce((sum, length) => sum + length, 0));
  let start = 0;
  for (const [index, { times }] of files.entries()) {
    milliseconds.set(times.milliseconds, start);
    start += lengths[index] as number;
  }
  return makeTimeAxis(milliseconds, calendar);
}

function timeVariable(variable: Omit<GriddedVariable, "read">, times: TimeAxis, units: string): GriddedVariable {
  const values = encodeTimes(times, units);
  return {
    ...variable,
    shape: [values.length],
    async read(selection = {}) {
      const { region, dims, shape } = resolveSelection({ ...variable, shape: [values.length] }, selection);
      const [start, step] = [region.start[0] as number, region.step[0] as number];
      return {
        dims,
        shape,
        data: Float64Array.from({ length: region.count[0] as number }, (_, at) => values[start + at * step] as number),
      };
    },
  };
}

/** Steps that are longer than the usual one, the median. */
function findGaps({ milliseconds, calendar }: TimeAxis): TimeGap[] {
  const steps = milliseconds.slice(1).map((value, index) => value - (milliseconds[index] as number));
  const usual = steps.slice().sort()[steps.length >> 1] as number;
  return [...steps].flatMap((step, index) =>
    step < 1.5 * usual
      ? []
      : [
          {
            after: formatTime(milliseconds[index] as number, calendar),
            before: formatTime(milliseconds[index + 1] as number, calendar),
            missing: Math.round(step / usual) - 1,
          },
        ],
  );
}
