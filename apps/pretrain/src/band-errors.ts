import type { ChannelSchema } from "@graticule/data";
import type { FilledImage } from "./fill-in.js";

/** Root mean squared errors over hidden values of held-out crops, one a band, in the data's units; NaN without values. */
export interface BandErrors {
  /** Crops that they are over. */
  readonly crops: number;
  readonly model: readonly number[];
  /** Of the mean of what the model saw of the same crop in the same band. */
  readonly visibleMean: readonly number[];
  /** Of the band's mean over the training split. */
  readonly trainingMean: readonly number[];
}

/** Collects the errors of filled images of one schema; values that are missing in the data don't count. */
export function makeBandErrorCollector(schema: ChannelSchema): {
  add(image: FilledImage): void;
  result(): BandErrors;
} {
  const channels = schema.length;
  const sums = {
    model: new Float64Array(channels),
    visibleMean: new Float64Array(channels),
    trainingMean: new Float64Array(channels),
  };
  const counts = new Float64Array(channels);
  let crops = 0;

  function add({ input, masked, reconstruction }: FilledImage): void {
    crops += 1;
    const plane = input.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      const [from, to] = [channel * plane, (channel + 1) * plane];
      const trainingMean = schema[channel]?.mean ?? 0;
      const seen = masked.subarray(from, to).filter(Number.isFinite);
      const visibleMean = seen.length > 0 ? seen.reduce((sum, value) => sum + value, 0) / seen.length : trainingMean;
      for (let at = from; at < to; at++) {
        const truth = input[at] as number;
        if (!Number.isNaN(masked[at]) || !Number.isFinite(truth)) continue;
        counts[channel] = (counts[channel] as number) + 1;
        addSquare(sums.model, channel, (reconstruction[at] as number) - truth);
        addSquare(sums.visibleMean, channel, visibleMean - truth);
        addSquare(sums.trainingMean, channel, trainingMean - truth);
      }
    }
  }

  function result(): BandErrors {
    const rmse = (squares: Float64Array) =>
      Array.from(squares, (sum, channel) => Math.sqrt(sum / (counts[channel] as number)));
    return {
      crops,
      model: rmse(sums.model),
      visibleMean: rmse(sums.visibleMean),
      trainingMean: rmse(sums.trainingMean),
    };
  }
  return { add, result };
}

function addSquare(sums: Float64Array, channel: number, error: number): void {
  sums[channel] = (sums[channel] as number) + error * error;
}
