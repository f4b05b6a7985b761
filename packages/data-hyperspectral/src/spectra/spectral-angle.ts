import { ShapeError } from "@graticule/core";
import { assertSpectra, type CubeShape } from "./spectral-image.js";

/**
 * The angle between each pixel's spectrum and a reference, over the bands where both have values: small for the same
 * material, whatever the brightness. NaN for a spectrum of zeros or without values.
 *
 * Shape: `pixels [C, H, W]`, `reference [C]` → `[H, W]`. Units: radians.
 * Source: Kruse et al. 1993, "The spectral image processing system (SIPS)", Remote Sens. Environ. 44.
 *
 * @throws {ShapeError} if the reference doesn't have one value a band.
 */
export function spectralAngle(pixels: Float32Array, shape: CubeShape, reference: ArrayLike<number>): Float32Array {
  assertSpectra("spectralAngle", pixels, shape);
  const [bands, height, width] = shape;
  if (reference.length !== bands)
    throw new ShapeError("spectralAngle", `a reference of ${bands} bands`, `${reference.length}`);
  const plane = height * width;
  return Float32Array.from({ length: plane }, (_, pixel) => {
    let [product, own, other] = [0, 0, 0];
    for (let band = 0; band < bands; band++) {
      const [value, wanted] = [pixels[band * plane + pixel] as number, reference[band] as number];
      if (Number.isNaN(value) || Number.isNaN(wanted)) continue;
      product += value * wanted;
      own += value * value;
      other += wanted * wanted;
    }
    return Math.acos(Math.max(-1, Math.min(1, product / Math.sqrt(own * other))));
  });
}
