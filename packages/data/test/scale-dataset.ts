import { makeRandom } from "@graticule/core";
import type { ChannelSchema, Dataset } from "../src/index.js";

/** Four samples of 8 × 9 pixels of normal noise, the same in every channel. */
export async function openNoise(options: { mean: number; std: number; schema: ChannelSchema }): Promise<Dataset> {
  const { mean, std, schema } = options;
  return {
    length: 4,
    schema,
    async read(index) {
      const random = makeRandom(1, "noise", index);
      const pixels = Float32Array.from({ length: schema.length * 72 }, () => mean + std * random.normal());
      return { pixels, shape: [schema.length, 8, 9], id: `sample-${index}` };
    },
  };
}
