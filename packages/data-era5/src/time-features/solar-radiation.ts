import { expectation } from "@graticule/core";
import type { LatLonGrid } from "../grid/lat-lon-grid.js";
import { sunPosition } from "./sun.js";

const RADIANS = Math.PI / 180;

/**
 * Cosine of the Sun's zenith angle at a moment, negative at night.
 *
 * Shape: `[H, W]`.
 */
export function cosineOfSolarZenith({ latitudes, longitudes }: LatLonGrid, time: Date): Float32Array {
  const { declination, hourAngleAtGreenwich } = sunPosition(time);
  const hours = longitudes.map((longitude) => Math.cos(hourAngleAtGreenwich + longitude * RADIANS));
  const field = new Float32Array(latitudes.length * longitudes.length);
  latitudes.forEach((latitude, row) => {
    const constant = Math.sin(latitude * RADIANS) * Math.sin(declination);
    const swing = Math.cos(latitude * RADIANS) * Math.cos(declination);
    hours.forEach((cosine, column) => {
      field[row * longitudes.length + column] = constant + swing * cosine;
    });
  });
  return field;
}

/** What `toaIncidentSolarRadiation` counts. */
export interface SolarRadiationOptions {
  /** Length of the time that ends at the given moment; 1 as ERA5's hourly `tisr`. */
  readonly hours?: number;
  /** At one astronomical unit, in W/m². */
  readonly totalSolarIrradiance?: number;
}

/**
 * Solar radiation onto the top of the atmosphere, summed over the hours that end at a moment: ERA5's
 * `toa_incident_solar_radiation`.
 *
 * The sum over time is exact but for the Sun's declination and distance, which are those of the middle.
 *
 * Shape: `[H, W]`. Units: J/m².
 * Source: total solar irradiance 1361 W/m² from NOAA's climate data record; ERA5 itself uses a yearly series around it.
 *
 * @throws {RangeError} if `hours` is not within 0 … 24.
 */
export function toaIncidentSolarRadiation(
  { latitudes, longitudes }: LatLonGrid,
  time: Date,
  { hours = 1, totalSolarIrradiance = 1361 }: SolarRadiationOptions = {},
): Float32Array {
  if (!(hours > 0 && hours <= 24))
    throw new RangeError(expectation("toaIncidentSolarRadiation", "hours above 0 and up to 24", `${hours}`));
  const { declination, hourAngleAtGreenwich, distanceAu } = sunPosition(new Date(time.getTime() - hours * 1_800_000));
  const half = (hours / 24) * Math.PI;
  // Energy for each radian that the Earth turns.
  const perRadian = ((totalSolarIrradiance / distanceAu ** 2) * 86_400) / (2 * Math.PI);
  const middles = longitudes.map((longitude) => hourAngleAtGreenwich + longitude * RADIANS);
  const field = new Float32Array(latitudes.length * longitudes.length);
  latitudes.forEach((latitude, row) => {
    const constant = Math.sin(latitude * RADIANS) * Math.sin(declination);
    const swing = Math.cos(latitude * RADIANS) * Math.cos(declination);
    middles.forEach((middle, column) => {
      field[row * longitudes.length + column] = perRadian * daylight(constant, swing, middle - half, middle + half);
    });
  });
  return field;
}

/** Integral of `constant + swing cos h`, where above 0, for h from `start` to `end`, at most a turn. */
function daylight(constant: number, swing: number, start: number, end: number): number {
  const sunset = Math.acos(Math.max(-1, Math.min(1, -constant / swing)));
  const turn = 2 * Math.PI;
  const noon = Math.round(start / turn) * turn;
  let sum = 0;
  for (const of of [noon - turn, noon, noon + turn]) {
    const low = Math.max(start, of - sunset);
    const high = Math.min(end, of + sunset);
    if (high > low) sum += constant * (high - low) + swing * (Math.sin(high) - Math.sin(low));
  }
  return sum;
}
