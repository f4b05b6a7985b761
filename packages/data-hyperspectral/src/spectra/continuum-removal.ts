import { assertSpectra, bandOrder, type CubeShape } from "./spectral-image.js";

/**
 * Divides each spectrum by its continuum, the upper convex hull from the first to the last band, so that absorption
 * features show as depths below 1. Bands without a value (NaN) are left out of the hull and stay NaN; a spectrum with
 * fewer than two values becomes NaN. Where the continuum is not above zero the quotient means nothing and is NaN.
 *
 * Shape: `[C, H, W] → [C, H, W]`. Units: unitless, at most 1 where values are positive.
 * Source: Clark & Roush 1984, "Reflectance spectroscopy", J. Geophys. Res. 89(B7).
 *
 * @throws {ShapeError} if pixels or wavelengths don't have the shape. @throws {ConfigError} if two wavelengths are equal.
 */
export function removeContinuum(
  pixels: Float32Array,
  shape: CubeShape,
  wavelengthsNm: readonly number[],
): Float32Array {
  assertSpectra("removeContinuum", pixels, shape, wavelengthsNm);
  const order = bandOrder("removeContinuum", wavelengthsNm);
  const [bands, height, width] = shape;
  const plane = height * width;
  const removed = new Float32Array(pixels.length).fill(NaN);
  const hull = new Int32Array(bands);
  for (let pixel = 0; pixel < plane; pixel++) {
    const corners = upperHull(pixels, pixel, plane, wavelengthsNm, order, hull);
    for (let corner = 0; corner + 1 < corners; corner++) {
      const [left, right] = [hull[corner] as number, hull[corner + 1] as number];
      const [first, last] = [order[left] as number, order[right] as number];
      const [low, high] = [pixels[first * plane + pixel] as number, pixels[last * plane + pixel] as number];
      const [from, to] = [wavelengthsNm[first] as number, wavelengthsNm[last] as number];
      for (let place = left; place <= right; place++) {
        const band = order[place] as number;
        const share = ((wavelengthsNm[band] as number) - from) / (to - from);
        const continuum = low + (high - low) * share;
        const at = band * plane + pixel;
        removed[at] = continuum > 0 ? (pixels[at] as number) / continuum : NaN;
      }
    }
  }
  return removed;
}

/** Fills `hull` with the places in `order` of a spectrum's upper hull (Andrew's monotone chain); gives their number. */
function upperHull(
  pixels: Float32Array,
  pixel: number,
  plane: number,
  wavelengthsNm: readonly number[],
  order: readonly number[],
  hull: Int32Array,
): number {
  const valueAt = (place: number): number => pixels[(order[place] as number) * plane + pixel] as number;
  const centerAt = (place: number): number => wavelengthsNm[order[place] as number] as number;
  let count = 0;
  for (let place = 0; place < order.length; place++) {
    const value = valueAt(place);
    if (!Number.isFinite(value)) continue;
    while (count >= 2) {
      const [before, last] = [hull[count - 2] as number, hull[count - 1] as number];
      const share = (centerAt(last) - centerAt(before)) / (centerAt(place) - centerAt(before));
      if (valueAt(last) > valueAt(before) + (value - valueAt(before)) * share) break;
      count -= 1;
    }
    hull[count++] = place;
  }
  return count;
}
