import type { ChannelSchema } from "@graticule/data";
import { selectBands } from "./band-selection.js";
import { mndwi, ndvi } from "./spectral-index.js";

/** Names of the bands that weak labels are made from, and where vegetation begins. */
export interface SpectralLabelBands {
  readonly red: string;
  readonly nir: string;
  readonly green: string;
  readonly swir1: string;
  /** NDVI above which a pixel is vegetation; 0.1 if absent, low for digital numbers without atmospheric correction. */
  readonly vegetationNdvi?: number | undefined;
}

/** Classes that spectral indices tell apart without a person's labels. */
export const SPECTRAL_CLASSES = ["water", "vegetation", "bare or built"] as const;

/** Open water reflects green more than shortwave infrared. Source: Xu 2006, §3. */
const WATER_MNDWI = 0;
/** Where digital numbers without atmospheric correction, which lowers NDVI, still show vegetation. */
const VEGETATION_NDVI = 0.1;

/**
 * Makes the function that labels a tile by the class of most of its pixels: water where MNDWI > 0, else vegetation
 * where NDVI > `vegetationNdvi`, else bare or built. Weak labels: good for trying a pipeline, not for reporting accuracy.
 *
 * Shape: `[C, H, W]` in the schema's order → index into `SPECTRAL_CLASSES`.
 *
 * @throws {ConfigError} if the schema lacks one of the bands.
 */
export function makeSpectralLabeler(
  schema: ChannelSchema,
  bands: SpectralLabelBands,
): (pixels: Float32Array) => number {
  const names = schema.map(({ name }) => name);
  const { vegetationNdvi = VEGETATION_NDVI } = bands;
  const wanted = [bands.red, bands.nir, bands.green, bands.swir1];
  const [red, nir, green, swir1] = selectBands("weak labels", names, wanted) as [number, number, number, number];
  return (pixels) => {
    const size = pixels.length / names.length;
    const band = (index: number): Float32Array => pixels.subarray(index * size, (index + 1) * size);
    const vegetation = ndvi(band(nir), band(red));
    const water = mndwi(band(green), band(swir1));
    const counts = [0, 0, 0];
    for (let pixel = 0; pixel < size; pixel++) {
      const isWater = (water[pixel] as number) > WATER_MNDWI;
      const isVegetation = (vegetation[pixel] as number) > vegetationNdvi;
      counts[isWater ? 0 : isVegetation ? 1 : 2]! += 1;
    }
    return counts.indexOf(Math.max(...counts));
  };
}
