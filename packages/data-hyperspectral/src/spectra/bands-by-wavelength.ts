import { ConfigError } from "@graticule/core";
import type { CubeDescription } from "../cube.js";

/** A range of wavelengths, both ends included. Units: nm. */
export type RangeNm = readonly [from: number, to: number];

/**
 * Where water vapor absorbs nearly all light on its way through the air, so that bands hold noise.
 *
 * Source: NEON imaging spectrometer reflectance, `Band_Window_1_Nanometers` and `Band_Window_2_Nanometers`.
 */
export const waterVaporRangesNm: readonly RangeNm[] = [
  [1340, 1445],
  [1790, 1955],
];

/** The indices of the bands whose centers lie in one of the ranges, ascending. */
export function bandsInRanges(wavelengthsNm: readonly number[], ranges: readonly RangeNm[]): number[] {
  return wavelengthsNm.flatMap((center, band) =>
    ranges.some(([from, to]) => center >= from && center <= to) ? [band] : [],
  );
}

/**
 * The band whose center is nearest to a wavelength; the first of two equally near.
 *
 * @throws {ConfigError} if none is within `toleranceNm`.
 */
export function nearestBand(wavelengthsNm: readonly number[], wavelengthNm: number, toleranceNm = Infinity): number {
  let nearest = -1;
  let least = Infinity;
  for (const [band, center] of wavelengthsNm.entries()) {
    const distance = Math.abs(center - wavelengthNm);
    if (distance < least) [nearest, least] = [band, distance];
  }
  if (nearest < 0 || least > toleranceNm)
    throw new ConfigError(
      `nearestBand: expected a band within ${toleranceNm} nm of ${wavelengthNm} nm, got ${nearest < 0 ? "none" : `${wavelengthsNm[nearest]} nm`}. Choose another wavelength, or a wider tolerance.`,
    );
  return nearest;
}

export interface UsableBandsOptions {
  /** Keep only bands in these ranges; all if absent. */
  readonly ranges?: readonly RangeNm[];
  /** Drop bands in these ranges, e.g. `waterVaporRangesNm`. */
  readonly exclude?: readonly RangeNm[];
}

/**
 * The indices of a cube's bands that its file doesn't mark as bad, in the ranges wanted.
 *
 * @throws {ConfigError} if no band is left, or ranges are given for a cube without wavelengths.
 */
export function usableBands(
  { path, bands, badBands, wavelengthsNm }: Pick<CubeDescription, "path" | "bands" | "badBands" | "wavelengthsNm">,
  { ranges, exclude }: UsableBandsOptions = {},
): number[] {
  if ((ranges ?? exclude) !== undefined && wavelengthsNm === undefined)
    throw new ConfigError(
      `usableBands: expected wavelengths in '${path}' to choose bands by, got none. Give bands by index.`,
    );
  const centers = wavelengthsNm ?? [];
  const dropped = new Set([...badBands, ...bandsInRanges(centers, exclude ?? [])]);
  const wanted =
    ranges === undefined ? Array.from({ length: bands }, (_, band) => band) : bandsInRanges(centers, ranges);
  const usable = wanted.filter((band) => !dropped.has(band));
  if (usable.length === 0)
    throw new ConfigError(
      `usableBands: expected a band of '${path}' in ranges ${JSON.stringify(ranges ?? "all")} without ${JSON.stringify(exclude ?? "none")}, got none. Widen the ranges.`,
    );
  return usable;
}

/** Centers of Sentinel-2's red, green and blue. Units: nm. */
const RGB_NM = [665, 560, 490] as const;

/** The bands to show as red, green and blue, e.g. with `bandComposite` of @graticule/plot. */
export function rgbBands(
  wavelengthsNm: readonly number[],
  colorsNm: readonly [red: number, green: number, blue: number] = RGB_NM,
): [red: number, green: number, blue: number] {
  const [red, green, blue] = colorsNm;
  return [nearestBand(wavelengthsNm, red), nearestBand(wavelengthsNm, green), nearestBand(wavelengthsNm, blue)];
}
