import { ShapeError } from "@graticule/core";
import { type ChannelStatistics, makeStatisticsCollector } from "@graticule/data";
import { assertSpectra, type CubeShape } from "./spectral-image.js";

/** A class's spectra: statistics of each band. */
export interface ClassSpectra {
  readonly label: number;
  /** Pixels of the class. */
  readonly pixels: number;
  readonly bands: readonly ChannelStatistics[];
}

/**
 * Statistics of each band for each class of pixels, by rising label; labels below 0 and NaN are left out.
 *
 * Shape: `pixels [C, H, W]`, `labels [H, W]`.
 *
 * @throws {ShapeError} if there isn't one label a pixel.
 */
export function classSpectra(pixels: Float32Array, shape: CubeShape, labels: ArrayLike<number>): ClassSpectra[] {
  assertSpectra("classSpectra", pixels, shape);
  const [bands, height, width] = shape;
  const plane = height * width;
  if (labels.length !== plane)
    throw new ShapeError("classSpectra", `labels [${height}, ${width}]`, `${labels.length} values`);
  const members = new Map<number, number[]>();
  for (let pixel = 0; pixel < plane; pixel++) {
    const label = labels[pixel] as number;
    if (!(label >= 0)) continue;
    const found = members.get(label);
    if (found) found.push(pixel);
    else members.set(label, [pixel]);
  }
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([label, places]) => {
      const collector = makeStatisticsCollector(bands);
      const spectra = new Float32Array(bands * places.length);
      for (let band = 0; band < bands; band++)
        for (const [at, pixel] of places.entries())
          spectra[band * places.length + at] = pixels[band * plane + pixel] as number;
      collector.add(spectra);
      return { label, pixels: places.length, bands: collector.result() };
    });
}
