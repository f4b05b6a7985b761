import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyBase, AnomalyForecasterConfig } from "@graticule/models";
import { latitudeWeights } from "@graticule/ops";
import { fitClimatology } from "./fit-climatology.js";

/** Most starts that a base is measured on, evenly spread over the training split. */
const MOST_STARTS = 2000;

/**
 * Measures, over the samples of given splits alone, what an `AnomalyForecaster` adds to: for `damped-persistence` the
 * climatology and, for each lead time and target, the share of an anomaly that remains and the deviation from that; for
 * `persistence` the deviation of the change alone; for `none` nothing.
 */
export async function fitAnomalyBase(
  splits: readonly [ForecastSamples, ...ForecastSamples[]],
  residual: "damped-persistence" | "persistence" | "none",
  { stateHours, stateChannels, targets, hoursOfDay, leadTimesHours, imageSize }: AnomalyForecasterConfig,
): Promise<AnomalyBase> {
  const [height, width] = imageSize;
  const plane = height * width;
  const size = stateChannels * plane;
  const climatology = new Float32Array(hoursOfDay.length * size);
  const persistence = new Float32Array(leadTimesHours.length * targets.length).fill(residual === "persistence" ? 1 : 0);
  const scale = new Float32Array(persistence.length).fill(1);
  if (residual === "none") return { climatology, persistence, scale };

  const all = splits.flatMap(({ startHours }) => Array.from(startHours));
  let every = Math.ceil(all.length / MOST_STARTS);
  while (every % 2 === 0 || every % 3 === 0) every++; // else some hours of the day would be left out
  const starts = all.filter((_, index) => index % every === 0);
  const [samples] = splits;
  const weights = latitudeWeights(Array.from(samples.grid.latitudes));
  const placeOf = (hours: number): number => hoursOfDay.indexOf(((hours % 24) + 24) % 24);
  const state = new Float32Array(size);
  if (residual === "damped-persistence") {
    const offsets = [...stateHours.map((hours) => -hours), ...leadTimesHours];
    const timesHours = [...new Set(starts.flatMap((start) => offsets.map((offset) => start + offset)))];
    timesHours.sort((a, b) => a - b);
    const { readState } = samples;
    const grid = { hoursOfDay, stateChannels, imageSize, latitudeWeights: weights };
    climatology.set(await fitClimatology({ timesHours, readState, ...grid }));
  }

  const later = new Float32Array(size);
  for (const [row, lead] of leadTimesHours.entries()) {
    const [products, squares, ends] = [0, 1, 2].map(() => new Float64Array(targets.length)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (const start of starts) {
      await samples.readState(start, state);
      await samples.readState(start + lead, later);
      const [before, after] = [placeOf(start) * size, placeOf(start + lead) * size];
      for (const [column, channel] of targets.entries())
        for (let at = channel * plane; at < (channel + 1) * plane; at++) {
          const weight = weights[Math.floor((at % plane) / width)] as number;
          const a = (state[at] as number) - (climatology[before + at] as number);
          const b = (later[at] as number) - (climatology[after + at] as number);
          products[column] = (products[column] as number) + weight * a * b;
          squares[column] = (squares[column] as number) + weight * a * a;
          ends[column] = (ends[column] as number) + weight * b * b;
        }
    }
    const count = starts.length * plane;
    for (let column = 0; column < targets.length; column++) {
      const [product, square, end] = [products, squares, ends].map((sums) => sums[column] as number) as [
        number,
        number,
        number,
      ];
      const share = residual === "persistence" ? 1 : square > 0 ? product / square : 0;
      const error = (end - 2 * share * product + share * share * square) / count;
      persistence[row * targets.length + column] = share;
      scale[row * targets.length + column] = Math.sqrt(Math.max(error, 1e-12));
    }
  }
  return { climatology, persistence, scale };
}
