import { ConfigError } from "@graticule/core";
import { type Crs, makePointTransform, type PointTransform, wgs84 } from "../crs/crs.js";
import type { Georeference } from "../georeference.js";
import { type GeoTransform, invertTransform, toMap } from "./geo-transform.js";

/** A raster's pixels on the Earth: how many, where, in which coordinates. */
export interface Grid {
  readonly crs: Crs;
  readonly transform: GeoTransform;
  readonly width: number;
  readonly height: number;
}

/** `[left, bottom, right, top]` in a coordinate system's units. */
export type Bounds = readonly [left: number, bottom: number, right: number, top: number];

/**
 * The grid that a raster lies on.
 *
 * @throws {ConfigError} if the file doesn't say where it lies, or in a system that Graticule doesn't know.
 */
export function gridOf(raster: Georeference & { path: string; width: number; height: number }): Grid {
  const { path, crs, transform, width, height, epsg, citation } = raster;
  const named = epsg ? `EPSG:${epsg}` : citation ? `'${citation.slice(0, 80)}'` : "none";
  if (crs === undefined)
    throw new ConfigError(
      `${path}: expected a coordinate system that Graticule knows, got ${named}. Open it as { ...raster, crs: parseCrs(its PROJ string or WKT) }.`,
    );
  if (transform === undefined)
    throw new ConfigError(`${path}: expected pixels with coordinates, got none. Open it as { ...raster, transform }.`);
  return { crs, transform, width, height };
}

/** The rectangle around a grid in its own coordinates. */
export function gridBounds({ transform, width, height }: Omit<Grid, "crs">): Bounds {
  const corners = [
    toMap(transform, 0, 0),
    toMap(transform, width, 0),
    toMap(transform, 0, height),
    toMap(transform, width, height),
  ];
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Points along each side of a grid and within, whose bounds then hold for curved sides too. */
const POINTS_PER_SIDE = 21;

/**
 * A grid's bounds in another coordinate system; parts that have no place there are left out.
 *
 * In degrees: a grid across the dateline has `right` below `left`, as in GeoJSON (RFC 7946, section 5.2); one with a
 * pole inside reaches it.
 *
 * @throws {RangeError} if no part of the grid has a place there.
 */
export function boundsIn(grid: Grid, crs: Crs = wgs84): Bounds {
  const transform = makePointTransform(grid.crs, crs);
  const xs: number[] = [];
  const ys: number[] = [];
  for (let point = 0; point < POINTS_PER_SIDE ** 2; point++) {
    const across = (point % POINTS_PER_SIDE) / (POINTS_PER_SIDE - 1);
    const down = Math.floor(point / POINTS_PER_SIDE) / (POINTS_PER_SIDE - 1);
    const [x, y] = transform(...toMap(grid.transform, across * grid.width, down * grid.height));
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    xs.push(x);
    ys.push(y);
  }
  if (xs.length === 0)
    throw new RangeError(`boundsIn: expected a grid with a place in ${crs.name}, got none. Check its transform.`);
  const bounds: Bounds = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  return crs.isGeographic && !grid.crs.isGeographic ? aroundEarth(bounds, xs, grid, transform) : bounds;
}

/** Widens bounds to a pole inside the grid, or turns them around the dateline if that makes them narrower. */
function aroundEarth([left, bottom, right, top]: Bounds, longitudes: number[], grid: Grid, to: PointTransform): Bounds {
  const from = makePointTransform(wgs84, grid.crs);
  const back = invertTransform(grid.transform);
  const holds = (latitude: number): boolean => {
    const [x, y] = from(0, latitude);
    const [column, row] = toMap(back, x, y);
    const [, again] = to(x, y);
    const inside = column >= 0 && row >= 0 && column <= grid.width && row <= grid.height;
    return inside && Math.abs(again - latitude) < 1e-6;
  };
  if (holds(90)) return [-180, bottom, 180, 90];
  if (holds(-90)) return [-180, -90, 180, top];
  if (right - left <= 180) return [left, bottom, right, top];
  const west = Math.max(...longitudes.filter((longitude) => longitude < 0));
  const east = Math.min(...longitudes.filter((longitude) => longitude >= 0));
  return east - west > 180 ? [east, bottom, west, top] : [left, bottom, right, top];
}
