import { ConfigError } from "@graticule/core";
import { applyRegrid } from "../grid/apply-regrid.js";
import { cachedRegridWeights } from "../grid/cached-regrid-weights.js";
import { type LatLonGrid, makeLatLonGrid } from "../grid/lat-lon-grid.js";
import { makeRegridWeights, type RegridMethod, type RegridWeights } from "../grid/regrid-weights.js";
import { readCoordinate } from "../select/coordinates.js";
import type { FieldSource } from "./field-source.js";

/** The grid of a store, and how fields get there. */
export interface RegridChoice {
  readonly grid: LatLonGrid;
  readonly method: RegridMethod;
  /** Share of a target's weight that may fall on missing values; 0 if absent. */
  readonly maxMissing?: number;
  /** Keeps the weights for the next run; they are made anew each time if absent. */
  readonly cacheDirectory?: string;
}

/** Carries fields `[N, H, W]` of a source's grid to the store's. */
export type FieldMapper = (fields: Float32Array) => Float32Array;

/** The store's grid, with north in row 0, and for each field the way to it. */
export interface TargetGrid {
  readonly grid: LatLonGrid;
  mapperOf(field: FieldSource): FieldMapper;
}

/**
 * Prepares the way from every field's grid to the store's, which is the sources' own where no other is chosen.
 *
 * @throws {ConfigError} if no grid is chosen and the sources have different ones.
 */
export async function openTargetGrid(
  fields: readonly FieldSource[],
  choice: RegridChoice | undefined,
): Promise<TargetGrid> {
  const sourceGrids = new Map<string, LatLonGrid>();
  for (const field of fields) sourceGrids.set(gridKey(field), await readGrid(field));
  const [[firstKey, first]] = [...sourceGrids] as [[string, LatLonGrid]];
  const grid = northFirst(choice?.grid ?? first);
  const mappers = new Map<string, FieldMapper>();
  for (const [key, source] of sourceGrids) {
    if (isSameGrid(source, grid)) mappers.set(key, (values) => values);
    else if (isSameGrid(northFirst(source), grid)) mappers.set(key, (values) => flipRows(values, source));
    else if (choice) {
      const weights = await makeWeights(source, grid, choice);
      const { maxMissing = 0 } = choice;
      mappers.set(key, (values) => applyRegrid(weights, values, { maxMissing }));
    } else
      throw new ConfigError(
        `grid: expected all sources on one grid, got ${describe(first)} (${firstKey}) and ${describe(source)} (${key}). Choose a grid to regrid them to.`,
      );
  }
  return { grid, mapperOf: (field) => mappers.get(gridKey(field)) as FieldMapper };
}

const gridKey = ({ dataset, dimensions }: FieldSource): string =>
  `${dataset.uri}: ${dimensions.latitude}, ${dimensions.longitude}`;

async function readGrid({ dataset, dimensions }: FieldSource): Promise<LatLonGrid> {
  const { latitude, longitude } = dimensions;
  const { values: rows } = await readCoordinate(dataset, latitude);
  const { values: columns } = await readCoordinate(dataset, longitude);
  return makeLatLonGrid(rows, columns);
}

function makeWeights(
  source: LatLonGrid,
  target: LatLonGrid,
  choice: RegridChoice,
): Promise<RegridWeights> | RegridWeights {
  const { method, cacheDirectory: directory } = choice;
  if (directory === undefined) return makeRegridWeights(source, target, method);
  return cachedRegridWeights(source, target, method, { directory });
}

function northFirst(grid: LatLonGrid): LatLonGrid {
  const { latitudes, latitudeBounds } = grid;
  if ((latitudes[0] as number) > (latitudes[1] as number)) return grid;
  return { ...grid, latitudes: latitudes.slice().reverse(), latitudeBounds: latitudeBounds.slice().reverse() };
}

/** Coordinates of files are often float32, whose rounding no grid is as fine as. Units: degrees. */
const SAME_PLACE = 1e-4;

function isSameGrid(a: LatLonGrid, b: LatLonGrid): boolean {
  const isSame = (x: Float64Array, y: Float64Array): boolean =>
    x.length === y.length && x.every((value, index) => Math.abs(value - (y[index] as number)) < SAME_PLACE);
  return isSame(a.latitudes, b.latitudes) && isSame(a.longitudes, b.longitudes);
}

function flipRows(fields: Float32Array, { latitudes, longitudes }: LatLonGrid): Float32Array {
  const [height, width] = [latitudes.length, longitudes.length];
  const flipped = new Float32Array(fields.length);
  for (let row = 0; row < fields.length / width; row++) {
    const mirrored = row - (row % height) + height - 1 - (row % height);
    flipped.set(fields.subarray(row * width, (row + 1) * width), mirrored * width);
  }
  return flipped;
}

const describe = ({ latitudes, longitudes }: LatLonGrid): string => `${latitudes.length} x ${longitudes.length}`;
