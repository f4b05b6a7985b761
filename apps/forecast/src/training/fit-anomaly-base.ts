import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyBase, AnomalyForecasterConfig } from "@graticule/models";
import { latitudeWeights } from "@graticule/ops";
import { fitClimatology } from "./fit-climatology.js";

/** Most starts that a base is measured on, evenly spread over the training split. */
const MOST_STARTS = 2000;

/**
 * Measures, over the samples of given splits alone, what an `AnomalyForecaster` adds to: for `damped-persistence` the
 * climatology and, for each lead time and target, the share that remains of an anomaly from the climatology of other
 * stretches of time, and the deviation from that; for `persistence` the deviation of the change alone; for `none` nothing.
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

  const all = splits.flatMap(({ startHours }) => Array.from(startHours)).sort((a, b) => a - b);
  let every = Math.ceil(all.length / MOST_STARTS);
  while (every % 2 === 0 || every % 3 === 0) every++; // else some hours of the day would be left out
  const starts = all.filter((_, index) => index % every === 0);
  const [samples] = splits;
  const weights = latitudeWeights(Array.from(samples.grid.latitudes));
  const [products, squares, ends] = [0, 1, 2].map(() => new Float64Array(persistence.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [state, later] = [new Float32Array(size), new Float32Array(size)];
  async function addPairs(from: number, to: number, normal: Float32Array): Promise<void> {
    const placeOf = (hours: number): number => hoursOfDay.indexOf(((hours % 24) + 24) % 24);
    for (const start of starts.filter((hours) => hours >= from && hours < to)) {
      await samples.readState(start, state);
      for (const [row, lead] of leadTimesHours.entries()) {
        await samples.readState(start + lead, later);
        const [before, after] = [placeOf(start) * size, placeOf(start + lead) * size];
        for (const [column, channel] of targets.entries()) {
          const place = row * targets.length + column;
          for (let at = channel * plane; at < (channel + 1) * plane; at++) {
            const weight = weights[Math.floor((at % plane) / width)] as number;
            const a = (state[at] as number) - (normal[before + at] as number);
            const b = (later[at] as number) - (normal[after + at] as number);
            products[place] = (products[place] as number) + weight * a * b;
            squares[place] = (squares[place] as number) + weight * a * a;
            ends[place] = (ends[place] as number) + weight * b * b;
          }
        }
      }
    }
  }

  if (residual === "persistence") {
    await addPairs(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, climatology);
  } else {
    const offsets = [...stateHours.map((hours) => -hours), ...leadTimesHours];
    const timesHours = [...new Set(starts.flatMap((start) => offsets.map((offset) => start + offset)))];
    timesHours.sort((a, b) => a - b);
    const { readState } = samples;
    const grid = { hoursOfDay, stateChannels, imageSize, latitudeWeights: weights };
    const fitted = await fitClimatology({ timesHours, readState, ...grid });
    climatology.set(fitted.climatology);
    // Anomalies from a mean that knows them sum to zero, and seem to last less than they will on other dates.
    for (const { fromHours, toHours, climatologyOfOthers } of fitted.stretches)
      await addPairs(fromHours, toHours, climatologyOfOthers());
  }
  for (const [place, product] of products.entries()) {
    const [square, end] = [squares[place] as number, ends[place] as number];
    const share = residual === "persistence" ? 1 : square > 0 ? Math.min(1, product / square) : 0;
    const error = (end - 2 * share * product + share * share * square) / (starts.length * plane);
    persistence[place] = share;
    scale[place] = Math.sqrt(Math.max(error, 1e-12));
  }
  return { climatology, persistence, scale };
}
