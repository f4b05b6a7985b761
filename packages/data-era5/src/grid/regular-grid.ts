import { expectation } from "@graticule/core";
import { type LatLonGrid, makeLatLonGrid } from "./lat-lon-grid.js";

/** Where the rows of a regular grid lie. */
export interface RegularGridOptions {
  /** "at-poles": the first and last row are the poles (ERA5); "cell-centers": the poles are edges (WeatherBench). */
  readonly rows: "at-poles" | "cell-centers";
  /** Which row is row 0; north is usual for ERA5 and for images. */
  readonly firstRow?: "north" | "south";
}

/**
 * Makes a global grid of equal steps; column 0 is at Greenwich.
 *
 * ERA5 at 0.25 degrees is `makeRegularGrid([721, 1440], { rows: "at-poles" })`; WeatherBench at 5.625 degrees is
 * `makeRegularGrid([32, 64], { rows: "cell-centers", firstRow: "south" })`.
 *
 * Shape: `[H, W]` rows and columns.
 *
 * @throws {RangeError} if H or W is not a whole number of at least 2.
 */
export function makeRegularGrid([rows, columns]: readonly [number, number], options: RegularGridOptions): LatLonGrid {
  if (![rows, columns].every((count) => Number.isInteger(count) && count >= 2))
    throw new RangeError(expectation("makeRegularGrid", "[H, W] of at least 2 each", `[${rows}, ${columns}]`));
  const [step, start] = options.rows === "at-poles" ? [180 / (rows - 1), -90] : [180 / rows, -90 + 90 / rows];
  const latitudes = Array.from({ length: rows }, (_, row) => start + row * step);
  // 90 itself, whatever the sum of the steps.
  if (options.rows === "at-poles") latitudes[rows - 1] = 90;
  if (options.firstRow !== "south") latitudes.reverse();
  return makeLatLonGrid(
    latitudes,
    Array.from({ length: columns }, (_, column) => (column * 360) / columns),
  );
}
