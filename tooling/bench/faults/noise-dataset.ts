import { makeRandom } from "@graticule/core";
import type { Dataset } from "@graticule/data";

/** 48 images of two channels of 8 × 12 pixels of noise. */
export async function openNoise(): Promise<Dataset> {
  return {
    length: 48,
    schema: [
      { name: "red", unit: "reflectance" },
      { name: "nir", unit: "reflectance" },
    ],
    async read(index) {
      const random = makeRandom(7, "pixels", index);
      return { pixels: Float32Array.from({ length: 192 }, () => random.normal()), shape: [2, 8, 12], id: `${index}` };
    },
  };
}
