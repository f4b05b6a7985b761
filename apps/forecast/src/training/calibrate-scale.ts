import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyForecaster } from "@graticule/models";
import { dispose, tensor4d } from "@tensorflow/tfjs-core";

/**
 * Multiplies a model's scale, for each lead time and target, by the share of its corrections (0 to 1) that has the least
 * latitude-weighted squared error on samples that it was not trained on: where it has no skill, its base remains.
 */
export async function calibrateScale(
  model: AnomalyForecaster,
  samples: ForecastSamples,
  latitudeWeights: readonly number[],
): Promise<void> {
  const { leadTimesHours, targets, stateHours, inChannels, imageSize } = model.config;
  const [height, width] = imageSize;
  const plane = height * width;
  const stateSize = samples.stateChannels * plane;
  const pixels = new Float32Array(inChannels * plane);
  const target = new Float32Array(stateSize);
  const shares = new Float32Array(leadTimesHours.length * targets.length);
  for (const [row, lead] of leadTimesHours.entries()) {
    const [products, squares] = [new Float64Array(targets.length), new Float64Array(targets.length)];
    for (const start of samples.startHours) {
      for (const [place, offset] of stateHours.entries())
        await samples.readState(start - offset, pixels.subarray(place * stateSize, (place + 1) * stateSize));
      samples.fillForcings(pixels, { startHours: start, targetHours: start + lead });
      await samples.readState(start + lead, target);
      const images = tensor4d(pixels, [1, inChannels, height, width]);
      const times = { leadTimeHours: [lead], startHours: [start] };
      const [prediction, base] = [model.forward(images, times), model.base(images, times)];
      const [forecast, before] = [await prediction.data(), await base.data()];
      dispose([images, prediction, base]);
      for (const [column, channel] of targets.entries())
        for (let cell = 0; cell < plane; cell++) {
          const at = column * plane + cell;
          const correction = (forecast[at] as number) - (before[at] as number);
          const missing = (target[channel * plane + cell] as number) - (before[at] as number);
          const weight = latitudeWeights[Math.floor(cell / width)] as number;
          products[column] = (products[column] as number) + weight * correction * missing;
          squares[column] = (squares[column] as number) + weight * correction * correction;
        }
    }
    for (const [column, square] of squares.entries())
      shares[row * targets.length + column] =
        square > 0 ? Math.min(1, Math.max(0, (products[column] as number) / square)) : 0;
  }
  const scale = (await model.scale.variable.data()) as Float32Array;
  model.scale.assign(scale.map((value, at) => value * (shares[at] as number)));
}
