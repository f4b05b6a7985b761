import { ConfigError, ShapeError } from "@graticule/core";

/** `[C, H, W]`. */
export type CubeShape = readonly [bands: number, height: number, width: number];

/**
 * Checks that pixels have their shape, and one wavelength a band where those matter.
 *
 * @throws {ShapeError} if they don't.
 */
export function assertSpectra(
  where: string,
  pixels: Float32Array,
  [bands, height, width]: CubeShape,
  wavelengthsNm?: readonly number[],
): void {
  if (pixels.length !== bands * height * width || pixels.length === 0)
    throw new ShapeError(where, `pixels [${bands}, ${height}, ${width}]`, `${pixels.length} values`);
  if (wavelengthsNm !== undefined && wavelengthsNm.length !== bands)
    throw new ShapeError(
      where,
      `one wavelength for each of ${bands} bands`,
      `${wavelengthsNm.length}`,
      "Select the wavelengths of the same bands as the pixels.",
    );
}

/**
 * Bands by rising wavelength: files with two detectors list the bands where those overlap out of order.
 *
 * @throws {ConfigError} if a wavelength is no number, or two are equal.
 */
export function bandOrder(where: string, wavelengthsNm: readonly number[]): number[] {
  const order = Array.from(wavelengthsNm, (_, band) => band);
  order.sort((a, b) => (wavelengthsNm[a] as number) - (wavelengthsNm[b] as number));
  const centers = order.map((band) => wavelengthsNm[band] as number);
  const bad = centers.findIndex((center, at) => !(center > (centers[at - 1] ?? -Infinity)));
  if (bad >= 0)
    throw new ConfigError(
      `${where}: expected a wavelength of its own for each band, got ${centers[bad]} nm twice or no number. Leave one of the bands out.`,
    );
  return order;
}
