import { FormatError } from "@graticule/core";
import { formatTime, parseDate, type TimeAxis } from "../cf/time-axis.js";
import type { GriddedDataset } from "../gridded-dataset.js";
import {
  type CoordinateRole,
  dimensionOf,
  readCoordinate,
  readTimeAxis,
  roleOf,
  toHectopascals,
} from "./coordinates.js";
import { type DimensionView, type IndexRun, viewDataset } from "./dataset-view.js";

/** From one value to another, both included; longitudes may pass the date line (`from: 350, to: 10`). */
export interface ValueRange<Value> {
  readonly from?: Value;
  readonly to?: Value;
}

/** One value, or a range. A value drops its dimension. */
export type ValueQuery = number | ValueRange<number>;
/** A moment as ISO text or `Date`, or a range; text that names a day, month or year takes the whole of it. */
export type TimeQuery = string | Date | ValueRange<string | Date>;

/** Parts of a dataset by the values of its coordinates. `level` is in hPa. Other dimensions go by name. */
export interface ValueSelection {
  readonly latitude?: ValueQuery;
  readonly longitude?: ValueQuery;
  readonly level?: ValueQuery | readonly number[];
  readonly time?: TimeQuery;
  readonly [dim: string]: ValueQuery | TimeQuery | readonly number[] | undefined;
}

export interface SelectOptions {
  /** How a single value finds its place; exact if absent. Exact allows for rounding to float32. */
  readonly method?: "exact" | "nearest";
  /** Farthest that the nearest may be. Units: the coordinate's; milliseconds for times; hPa for levels. */
  readonly tolerance?: number;
}

const ROLES: readonly string[] = ["latitude", "longitude", "level", "time"] satisfies CoordinateRole[];
const EXACT = 1e-6;
const SLACK_MS = 0.5;

/**
 * Selects by the values of coordinates, as xarray's `sel`. Only coordinates are read; the result is a view.
 *
 * @throws {RangeError} naming the dimension and its range, if a value is not there.
 * @throws {FormatError} if a dimension has no coordinate.
 */
export async function sel(
  dataset: GriddedDataset,
  query: ValueSelection,
  options: SelectOptions = {},
): Promise<GriddedDataset> {
  const views: Record<string, DimensionView> = {};
  for (const [name, wanted] of Object.entries(query)) {
    if (wanted === undefined) continue;
    const dim = Object.hasOwn(dataset.dimensions, name) ? name : dimensionByRole(dataset, name);
    const { variable, values } = await readCoordinate(dataset, dim);
    const role = roleOf(variable);
    if (role === "time") views[dim] = selectTimes(await readTimeAxis(dataset, dim), wanted as TimeQuery, dim, options);
    else if (role === "longitude") views[dim] = selectLongitudes(values, wanted as ValueQuery, dim, options);
    else {
      const units = variable.attributes.units;
      const inQueryUnits =
        role === "level" && name === "level" ? values.map((value) => toHectopascals(value, units)) : values;
      views[dim] = selectValues(inQueryUnits, wanted as ValueQuery | readonly number[], dim, options);
    }
  }
  return viewDataset(dataset, views);
}

function dimensionByRole(dataset: GriddedDataset, name: string): string {
  const dim = ROLES.includes(name) ? dimensionOf(dataset, name as CoordinateRole) : undefined;
  if (dim === undefined)
    throw new FormatError(
      dataset.uri,
      `one dimension '${name}'`,
      `dimensions ${Object.keys(dataset.dimensions).join(", ")}`,
      "Select by the dimension's own name.",
    );
  return dim;
}

function selectValues(
  values: Float64Array,
  wanted: ValueQuery | readonly number[],
  dim: string,
  options: SelectOptions,
): DimensionView {
  if (typeof wanted === "number") return placeOf(values, wanted, dim, options);
  if (Array.isArray(wanted))
    return (wanted as number[]).map((value) => ({ start: placeOf(values, value, dim, options), count: 1, step: 1 }));
  const { from, to } = wanted as ValueRange<number>;
  const [least, most] = from !== undefined && to !== undefined && from > to ? [to, from] : [from, to];
  // Coordinates in float32 are rounded.
  const slack = EXACT * Math.max(1, Math.abs(least ?? 0), Math.abs(most ?? 0));
  return [runInside(values, least ?? -Infinity, most ?? Infinity, slack, dim)];
}

/** The place of a value: the nearest, if it is near enough. */
function placeOf(
  values: ArrayLike<number>,
  wanted: number,
  dim: string,
  options: SelectOptions,
  show: (value: number) => string = String,
): number {
  const { method = "exact", tolerance = Infinity } = options;
  let best = -1;
  let distance = Infinity;
  for (let index = 0; index < values.length; index++) {
    const found = Math.abs((values[index] as number) - wanted);
    if (found < distance) {
      best = index;
      distance = found;
    }
  }
  const most = method === "exact" ? EXACT * Math.max(1, Math.abs(wanted)) : tolerance;
  if (best >= 0 && distance <= most) return best;
  const isExact = method === "exact" || tolerance === SLACK_MS;
  throw new RangeError(
    `sel: expected a value of '${dim}' ${isExact ? "equal to" : `within ${most} of`} ${show(wanted)}, got ${best < 0 ? "none" : `${show(values[best] as number)} as the nearest`}. ${isExact ? "Select the nearest, or check the value." : "Raise the tolerance."}`,
  );
}

/** The run of values from `least` to `most`, both widened by `slack`. */
function runInside(values: ArrayLike<number>, least: number, most: number, slack: number, dim: string): IndexRun {
  let start = -1;
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value < least - slack || value > most + slack) continue;
    if (start < 0) start = index;
    else if (index !== start + count)
      throw new RangeError(
        `sel: expected '${dim}' in rising or falling order, got values in the range apart. Select by index.`,
      );
    count++;
  }
  return { start: Math.max(start, 0), count, step: 1 };
}

/**
 * Longitudes are the same after a turn: each is counted from the range's start, eastward, and a range that passes the
 * end of the axis is put together from both of its ends.
 */
function selectLongitudes(
  values: Float64Array,
  wanted: ValueQuery,
  dim: string,
  options: SelectOptions,
): DimensionView {
  const turn = (value: number, start: number): number => start + ((((value - start) % 360) + 360) % 360);
  if (typeof wanted === "number")
    return placeOf(
      values.map((value) => turn(value, wanted - 180)),
      wanted,
      dim,
      options,
    );
  const { from = values[0] as number, to = values.at(-1) as number } = wanted;
  const slack = EXACT * 360;
  const span = to - from >= 360 - slack ? 360 - 2 * slack : (((to - from) % 360) + 360) % 360;
  const runs: (IndexRun & { shift: number })[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    const turned = turn(value, from - slack);
    if (turned > from + span + slack) continue;
    const shift = Math.round((turned - value) / 360) * 360;
    const last = runs.at(-1);
    if (last && last.start + last.count === index && last.shift === shift)
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ start: index, count: 1, step: 1, shift });
  }
  return runs.sort((a, b) => (values[a.start] as number) + a.shift - (values[b.start] as number) - b.shift);
}

function selectTimes(axis: TimeAxis, wanted: TimeQuery, dim: string, options: SelectOptions): DimensionView {
  const momentOf = (value: string | Date): { start: number; end: number } => {
    if (value instanceof Date) return { start: value.getTime(), end: value.getTime() + 1 };
    const parsed = parseDate(value, axis.calendar);
    if (parsed === undefined)
      throw new RangeError(
        `sel: expected a date like '2013-11-02T06:00' of the ${axis.calendar} calendar, got '${value}'. Check the date.`,
      );
    return parsed;
  };
  const { milliseconds } = axis;
  const show = (value: number): string => formatTime(value, axis.calendar);
  if (typeof wanted === "string" || wanted instanceof Date) {
    const { start, end } = momentOf(wanted);
    if (options.method === "nearest") return placeOf(milliseconds, start, dim, options, show);
    const isExact = typeof wanted !== "string" || /\d[T ]\d/.test(wanted);
    if (!isExact) return [nonEmpty(runInside(milliseconds, start, end - 1, SLACK_MS, dim), dim, wanted)];
    return placeOf(milliseconds, start, dim, { method: "nearest", tolerance: SLACK_MS }, show);
  }
  const { from, to } = wanted;
  const least = from === undefined ? -Infinity : momentOf(from).start;
  const most = to === undefined ? Infinity : momentOf(to).end - 1;
  return [runInside(milliseconds, least, most, SLACK_MS, dim)];
}

function nonEmpty(run: IndexRun, dim: string, wanted: string): IndexRun {
  if (run.count === 0)
    throw new RangeError(`sel: expected a time of '${dim}' within ${wanted}, got none. Check the date.`);
  return run;
}
