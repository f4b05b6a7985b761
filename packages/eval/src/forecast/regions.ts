import { expectation } from "@graticule/core";
import type { ScoreGrid } from "./score-grid.js";

/** Part of the Earth, as boxes of latitude and longitude whose edges belong to them. */
export interface Region {
  readonly name: string;
  readonly boxes: readonly {
    /** Units: degrees north. */
    readonly latitude: readonly [south: number, north: number];
    /** Units: degrees east; the whole circle if absent, through Greenwich where west is above east. */
    readonly longitude?: readonly [west: number, east: number];
  }[];
}

const box = (
  name: string,
  latitude: readonly [number, number],
  longitude?: readonly [west: number, east: number],
): Region => ({ name, boxes: [{ latitude, ...(longitude && { longitude }) }] });

/** The whole grid. */
export const globalRegion: Region = box("global", [-90, 90]);

/**
 * WeatherBench 2's regions, the whole Earth first.
 *
 * Source: google-research/weatherbench2, scripts/evaluate.py.
 */
export const weatherBench2Regions: readonly Region[] = [
  globalRegion,
  box("tropics", [-20, 20]),
  { name: "extra-tropics", boxes: [{ latitude: [-90, -20] }, { latitude: [20, 90] }] },
  box("northern-hemisphere", [20, 90]),
  box("southern-hemisphere", [-90, -20]),
  box("europe", [35, 75], [347.5, 42.5]),
  box("north-america", [25, 60], [240, 285]),
  box("north-atlantic", [25, 65], [290, 350]),
  box("north-pacific", [25, 60], [145, 230]),
  box("east-asia", [25, 60], [102.5, 150]),
  box("ausnz", [-45, -12.5], [120, 175]),
  box("arctic", [60, 90]),
  box("antarctic", [-90, -60]),
];

const turn = (degrees: number): number => ((degrees % 360) + 360) % 360;

/**
 * Cells whose centers lie in a region, edges included.
 *
 * @returns rising positions in `[H, W]`.
 *
 * @throws {RangeError} if the grid has no cell there.
 */
export function regionCells(region: Region, { latitudes, longitudes }: ScoreGrid): Int32Array {
  const cells: number[] = [];
  for (let row = 0; row < latitudes.length; row++)
    for (let column = 0; column < longitudes.length; column++) {
      const [north, east] = [latitudes[row] as number, turn(longitudes[column] as number)];
      const inside = region.boxes.some(({ latitude, longitude }) => {
        if (north < latitude[0] || north > latitude[1]) return false;
        if (longitude === undefined) return true;
        const [from, to] = [turn(longitude[0]), turn(longitude[1])];
        return from <= to ? east >= from && east <= to : east >= from || east <= to;
      });
      if (inside) cells.push(row * longitudes.length + column);
    }
  if (cells.length === 0)
    throw new RangeError(
      expectation(
        `region '${region.name}'`,
        "a cell of the grid inside",
        "none",
        "Leave the region out, or mend its boxes.",
      ),
    );
  return Int32Array.from(cells);
}
