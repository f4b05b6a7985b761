import { ConfigError } from "@graticule/core";
import { assertSpectra, bandOrder, type CubeShape } from "./spectral-image.js";

/** How strongly a sensor's band answers to light of each wavelength; between the wavelengths linear, outside zero. */
export interface SpectralResponse {
  readonly name: string;
  /** Ascending. Units: nm. */
  readonly wavelengthsNm: readonly number[];
  /** From 0; the scale doesn't matter. */
  readonly values: readonly number[];
}

/** Half the width at half maximum of a Gaussian of deviation 1, doubled: FWHM = 2 √(2 ln 2) σ. */
const FWHM_PER_SIGMA = 2 * Math.sqrt(2 * Math.LN2);
/** Deviations from the center where a Gaussian response is cut off. */
const CUTOFF_SIGMAS = 3;
const SAMPLES = 121;

/** A band with a Gaussian response, given its center and full width at half maximum. Units: nm. */
export function gaussianResponse(name: string, centerNm: number, fwhmNm: number): SpectralResponse {
  const sigma = fwhmNm / FWHM_PER_SIGMA;
  const offsets = Array.from({ length: SAMPLES }, (_, at) => CUTOFF_SIGMAS * ((2 * at) / (SAMPLES - 1) - 1));
  return {
    name,
    wavelengthsNm: offsets.map((offset) => centerNm + offset * sigma),
    values: offsets.map((offset) => Math.exp(-(offset ** 2) / 2)),
  };
}

/**
 * Sentinel-2 MSI's bands as Gaussians of their nominal centers and widths; for work that needs the measured responses,
 * tabulate ESA's.
 *
 * Source: GDAL's documentation of its SENTINEL2 driver, table of bands.
 */
export const sentinel2Responses: readonly SpectralResponse[] = (
  [
    ["B01", 443, 20],
    ["B02", 490, 65],
    ["B03", 560, 35],
    ["B04", 665, 30],
    ["B05", 705, 15],
    ["B06", 740, 15],
    ["B07", 783, 20],
    ["B08", 842, 115],
    ["B8A", 865, 20],
    ["B09", 945, 20],
    ["B10", 1375, 30],
    ["B11", 1610, 90],
    ["B12", 2190, 180],
  ] as const
).map(([name, center, fwhm]) => gaussianResponse(name, center, fwhm));

/** Weights of the source bands in one band of another sensor; they sum to 1. */
export interface BandWeights {
  readonly name: string;
  /** Center of gravity of the response. Units: nm. */
  readonly wavelengthNm: number;
  readonly bands: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Weights that turn a cube's bands into another sensor's: each source band stands for the wavelengths nearer to its
 * center than to any other's, and weighs what the response integrates to there.
 *
 * @throws {ConfigError} if two wavelengths are equal, or a response reaches beyond the cube's or into a gap of its bands
 * with more than `maxMissing` of its integral.
 */
export function responseWeights(
  wavelengthsNm: readonly number[],
  responses: readonly SpectralResponse[],
  maxMissing = 0.05,
): BandWeights[] {
  const edges = bandEdges(wavelengthsNm);
  return responses.map((response) => {
    const total = integrate(response, -Infinity, Infinity);
    const shares = wavelengthsNm.map((_, band) => {
      const [from, to] = edges[band] as [number, number];
      return integrate(response, from, to) / total;
    });
    const covered = shares.reduce((sum, share) => sum + share, 0);
    if (!(covered >= 1 - maxMissing))
      throw new ConfigError(
        `responseWeights: expected bands that cover ${response.name} but ${maxMissing * 100} %, got ${((1 - covered) * 100).toFixed(1)} % of its response without a band. Leave this band out.`,
      );
    const bands = shares.flatMap((share, band) => (share > 0 ? [band] : []));
    const weights = bands.map((band) => (shares[band] as number) / covered);
    const wavelengthNm = bands.reduce(
      (sum, band, at) => sum + (weights[at] as number) * (wavelengthsNm[band] as number),
      0,
    );
    return { name: response.name, wavelengthNm, bands, weights };
  });
}

/**
 * The range that each band stands for: to the middle between neighbors, but no farther than the nearer neighbor's
 * distance, so that a band beside a gap doesn't fill the gap.
 */
function bandEdges(wavelengthsNm: readonly number[]): [number, number][] {
  const order = bandOrder("responseWeights", wavelengthsNm);
  const centers = order.map((band) => wavelengthsNm[band] as number);
  if (centers.length < 2)
    throw new ConfigError("responseWeights: expected two or more bands, got one. Its width can't be told.");
  const edges = new Array<[number, number]>(order.length);
  for (const [at, center] of centers.entries()) {
    const before = center - (centers[at - 1] ?? -Infinity);
    const after = (centers[at + 1] ?? Infinity) - center;
    const reach = Math.min(before, after);
    edges[order[at] as number] = [center - Math.min(before / 2, reach), center + Math.min(after / 2, reach)];
  }
  return edges;
}

/** The integral of a response from one wavelength to another, exact for its straight pieces. */
function integrate({ wavelengthsNm, values }: SpectralResponse, from: number, to: number): number {
  let sum = 0;
  for (let at = 0; at + 1 < wavelengthsNm.length; at++) {
    const [left, right] = [wavelengthsNm[at] as number, wavelengthsNm[at + 1] as number];
    const [start, end] = [Math.max(left, from), Math.min(right, to)];
    if (end <= start) continue;
    const slope = ((values[at + 1] as number) - (values[at] as number)) / (right - left);
    const middle = (values[at] as number) + slope * ((start + end) / 2 - left);
    sum += middle * (end - start);
  }
  return sum;
}

/**
 * Turns a cube's bands into another sensor's. A pixel without a value in a band that weighs becomes NaN.
 *
 * Shape: `[C, H, W] → [weights.length, H, W]`.
 *
 * @throws {ShapeError} if the pixels don't have the shape.
 */
export function resampleBands(pixels: Float32Array, shape: CubeShape, weights: readonly BandWeights[]): Float32Array {
  assertSpectra("resampleBands", pixels, shape);
  const plane = shape[1] * shape[2];
  const output = new Float32Array(weights.length * plane);
  const sum = new Float64Array(plane);
  for (const [position, { bands, weights: shares }] of weights.entries()) {
    sum.fill(0);
    for (const [at, band] of bands.entries()) {
      const share = shares[at] as number;
      for (let pixel = 0; pixel < plane; pixel++)
        sum[pixel] = (sum[pixel] as number) + share * (pixels[band * plane + pixel] as number);
    }
    output.set(sum, position * plane);
  }
  return output;
}
