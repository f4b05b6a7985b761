import { ConfigError } from "@graticule/core";
import type { ByteSample, Dataset, Sample } from "./dataset.js";
import { pickPlaces } from "./pick-places.js";

/**
 * The same samples with some of their channels. A dataset that can't read these alone reads all, and the others are dropped.
 *
 * @param places in the dataset's schema, rising.
 * @throws {ConfigError} for places that it lacks, or out of order, or none.
 */
export function selectChannels(dataset: Dataset, places: readonly number[]): Dataset {
  const { length: channels } = dataset.schema;
  const isRising = places.every((place, at) => Number.isInteger(place) && place > (places[at - 1] ?? -1));
  if (!isRising || places.length === 0 || (places.at(-1) as number) >= channels)
    throw new ConfigError(
      `channels: expected rising places from 0 to ${channels - 1}, got ${places.join(", ") || "none"}.`,
    );
  if (places.length === channels) return dataset;
  return dataset.selectChannels?.(places) ?? dropOthers(dataset, places);
}

function dropOthers(dataset: Dataset, places: readonly number[]): Dataset {
  const { direct: _, readStored, selectChannels: __, ...rest } = dataset;
  return {
    ...rest,
    schema: pickPlaces(dataset.schema, places),
    read: async (index, draw) => pickPlanes(await dataset.read(index, draw), places),
    ...(readStored && {
      async readStored(index, draw) {
        const sample = await readStored(index, draw);
        return "pixels" in sample ? pickPlanes(sample, places) : pickBytes(sample, places);
      },
    }),
  };
}

/** Shape: `[C, H, W] → [places, H, W]`. */
function pickPlanes(sample: Sample, places: readonly number[]): Sample {
  const [, height, width] = sample.shape;
  const plane = height * width;
  const pixels = new Float32Array(places.length * plane);
  for (const [at, place] of places.entries())
    pixels.set(sample.pixels.subarray(place * plane, (place + 1) * plane), at * plane);
  return { ...sample, pixels, shape: [places.length, height, width] };
}

/** Shape: `[H, W, C] → [H, W, places]`. */
function pickBytes(sample: ByteSample, places: readonly number[]): ByteSample {
  const [channels, height, width] = sample.shape;
  const bytes = new Uint8Array(places.length * height * width);
  let to = 0;
  for (let from = 0; from < sample.bytes.length; from += channels)
    for (const place of places) bytes[to++] = sample.bytes[from + place] as number;
  return { ...sample, bytes, shape: [places.length, height, width] };
}
