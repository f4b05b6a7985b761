import { ownTasks, sumOverData } from "@graticule/classify";
import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyForecaster } from "@graticule/models";
import type { Mesh } from "@graticule/parallel";
import { dispose, tensor4d } from "@tensorflow/tfjs-core";

/** Parts of the samples, in the order of time, whose spread tells how certain a slope is. */
const NUM_PARTS = 5;

/**
 * The share of a model's corrections, for each lead time and target, to believe: the slope of what the base leaves open
 * on the correction, by latitude-weighted least squares over samples that the model was not trained on, shrunk by its
 * uncertainty and clipped to 0 to 1. Where no skill is certain, the base remains. The ranks share the samples. Collective.
 *
 * Shape: `[L, V]`.
 * Source: James & Stein 1961, positive part, with the spread of the slope between stretches of time.
 */
export async function fitCorrectionGate(
  model: AnomalyForecaster,
  samples: ForecastSamples,
  latitudeWeights: readonly number[],
  mesh: Mesh,
): Promise<Float32Array> {
  const { leadTimesHours, targets, stateHours, inChannels, imageSize } = model.config;
  const [height, width] = imageSize;
  const plane = height * width;
  const stateSize = samples.stateChannels * plane;
  const pixels = new Float32Array(inChannels * plane);
  const target = new Float32Array(stateSize);
  const starts = Array.from(samples.startHours);
  const numSums = targets.length * NUM_PARTS;
  // Of each lead time: products, then squares, of each part of each target.
  const sums = new Float64Array(leadTimesHours.length * 2 * numSums);
  for (const [row, lead] of leadTimesHours.entries()) {
    for (const { task: index, weight: counts } of ownTasks(starts.length, mesh)) {
      const start = starts[index] as number;
      for (const [place, offset] of stateHours.entries())
        await samples.readState(start - offset, pixels.subarray(place * stateSize, (place + 1) * stateSize));
      samples.fillForcings(pixels, { startHours: start, targetHours: start + lead });
      await samples.readState(start + lead, target);
      const images = tensor4d(pixels, [1, inChannels, height, width]);
      const times = { leadTimeHours: [lead], startHours: [start] };
      const [prediction, base] = [model.forward(images, times), model.base(images, times)];
      const [forecast, before] = [await prediction.data(), await base.data()];
      dispose([images, prediction, base]);
      for (const [column, channel] of targets.entries()) {
        const place = row * 2 * numSums + column * NUM_PARTS + Math.floor((index * NUM_PARTS) / starts.length);
        let [product, square] = [0, 0];
        for (let cell = 0; cell < plane; cell++) {
          const at = column * plane + cell;
          const correction = (forecast[at] as number) - (before[at] as number);
          const missing = (target[channel * plane + cell] as number) - (before[at] as number);
          const weight = latitudeWeights[Math.floor(cell / width)] as number;
          product += weight * correction * missing;
          square += weight * correction * correction;
        }
        sums[place] = (sums[place] as number) + counts * product;
        sums[place + numSums] = (sums[place + numSums] as number) + counts * square;
      }
    }
  }
  await sumOverData(sums, mesh);
  return Float32Array.from({ length: leadTimesHours.length * targets.length }, (_, at) => {
    const first = Math.floor(at / targets.length) * 2 * numSums + (at % targets.length) * NUM_PARTS;
    return certainSlope(
      Array.from({ length: NUM_PARTS }, (_, part) => ({
        product: sums[first + part] as number,
        square: sums[first + part + numSums] as number,
      })),
    );
  });
}

/** Sums over one part of the samples of correction times what is missing, and of the correction's square. */
interface SlopeSums {
  readonly product: number;
  readonly square: number;
}

/** The slope through the origin, times 1 − its variance ÷ its square, from 0 to 1; 0 of fewer than two parts. */
export function certainSlope(parts: readonly SlopeSums[]): number {
  const known = parts.filter(({ square }) => square > 0);
  const square = known.reduce((sum, part) => sum + part.square, 0);
  const slope = known.reduce((sum, part) => sum + part.product, 0) / square;
  if (known.length < 2 || slope <= 0) return 0;
  const spread = known.reduce((sum, part) => sum + (part.product - slope * part.square) ** 2, 0);
  const variance = (spread * known.length) / (known.length - 1) / square ** 2;
  return Math.min(1, Math.max(0, slope - variance / slope));
}
