import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyForecaster } from "@graticule/models";
import { dispose, tensor4d } from "@tensorflow/tfjs-core";

/** Parts of the samples, in the order of time, whose spread tells how certain a slope is. */
const NUM_PARTS = 5;

/**
 * The share of a model's corrections, for each lead time and target, to believe: the slope of what the base leaves open
 * on the correction, by latitude-weighted least squares over samples that the model was not trained on, shrunk by its
 * uncertainty and clipped to 0 to 1. Where no skill is certain, the base remains.
 *
 * Shape: `[L, V]`.
 * Source: James & Stein 1961, positive part, with the spread of the slope between stretches of time.
 */
export async function fitCorrectionGate(
  model: AnomalyForecaster,
  samples: ForecastSamples,
  latitudeWeights: readonly number[],
): Promise<Float32Array> {
  const { leadTimesHours, targets, stateHours, inChannels, imageSize } = model.config;
  const [height, width] = imageSize;
  const plane = height * width;
  const stateSize = samples.stateChannels * plane;
  const pixels = new Float32Array(inChannels * plane);
  const target = new Float32Array(stateSize);
  const starts = Array.from(samples.startHours);
  const gate = new Float32Array(leadTimesHours.length * targets.length);
  for (const [row, lead] of leadTimesHours.entries()) {
    const parts = targets.map(() => Array.from({ length: NUM_PARTS }, () => ({ product: 0, square: 0 })));
    for (const [index, start] of starts.entries()) {
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
        const part = parts[column]?.[Math.floor((index * NUM_PARTS) / starts.length)] as SlopeSums;
        for (let cell = 0; cell < plane; cell++) {
          const at = column * plane + cell;
          const correction = (forecast[at] as number) - (before[at] as number);
          const missing = (target[channel * plane + cell] as number) - (before[at] as number);
          const weight = latitudeWeights[Math.floor(cell / width)] as number;
          part.product += weight * correction * missing;
          part.square += weight * correction * correction;
        }
      }
    }
    for (const [column, sums] of parts.entries()) gate[row * targets.length + column] = certainSlope(sums);
  }
  return gate;
}

/** Sums over one part of the samples of correction times what is missing, and of the correction's square. */
interface SlopeSums {
  product: number;
  square: number;
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
