import { FormatError, makeRandom } from "@graticule/core";
import type { Dataset } from "@graticule/data";

/**
 * Seven channels of 3 × 4 pixels of noise, with an array of the sample's number. `corrupt` are pairs of a sample and the
 * channel of it that can't be read.
 */
export async function openChannelNoise(options: {
  readonly length: number;
  readonly corrupt: readonly (readonly [sample: number, channel: number])[];
}): Promise<Dataset> {
  const channels = Array.from({ length: 7 }, (_, channel) => channel);
  function withChannels(places: readonly number[]): Dataset {
    return {
      length: options.length,
      schema: places.map((channel) => ({ name: `band ${channel}`, mean: channel, std: 1 + channel })),
      async read(index) {
        if (options.corrupt.some(([sample, channel]) => sample === index && places.includes(channel)))
          throw new FormatError(`sample-${index}`, "pixels", "none");
        const planes = places.map((channel) => {
          const random = makeRandom(7, "pixels", index, channel);
          return Array.from({ length: 12 }, () => random.normal());
        });
        const arrays = { number: { data: Float32Array.of(index), shape: [1] } };
        return {
          pixels: Float32Array.from(planes.flat()),
          shape: [places.length, 3, 4],
          id: `sample-${index}`,
          arrays,
        };
      },
    };
  }
  return { ...withChannels(channels), selectChannels: withChannels };
}
