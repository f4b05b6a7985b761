import type { ForecastSamples } from "@graticule/data-era5";
import type { AnomalyBase, AnomalyForecasterConfig } from "@graticule/models";
import { latitudeWeights } from "@graticule/ops";

/** Most starts that a base is measured on, evenly spread over the training split. */
const MOST_STARTS = 2000;

/**
 * Measures, over training samples alone, what an `AnomalyForecaster` adds to: for `damped-persistence` the mean state by
 * hour of the day and, for each lead time and target, the share of an anomaly that remains and the deviation from that;
 * for `persistence` the deviation of the change alone; for `none` nothing.
 */
export async function fitAnomalyBase(
  samples: ForecastSamples,
  residual: "damped-persistence" | "persistence" | "none",
  { stateChannels, targets, hoursOfDay, leadTimesHours, imageSize }: AnomalyForecasterConfig,
): Promise<AnomalyBase> {
  const [height, width] = imageSize;
  const plane = height * width;
  const size = stateChannels * plane;
  const climatology = new Float32Array(hoursOfDay.length * size);
  const persistence = new Float32Array(leadTimesHours.length * targets.length).fill(residual === "persistence" ? 1 : 0);
  const scale = new Float32Array(persistence.length).fill(1);
  if (residual === "none") return { climatology, persistence, scale };

  const every = Math.ceil(samples.startHours.length / MOST_STARTS);
  const starts = samples.startHours.filter((_, index) => index % every === 0);
  const placeOf = (hours: number): number => hoursOfDay.indexOf(((hours % 24) + 24) % 24);
  const state = new Float32Array(size);
  if (residual === "damped-persistence") {
    const sums = new Float64Array(climatology.length);
    const counts = new Float64Array(hoursOfDay.length);
    for (const start of starts) {
      await samples.readState(start, state);
      const place = placeOf(start);
      counts[place] = (counts[place] as number) + 1;
      for (let at = 0; at < size; at++)
        sums[place * size + at] = (sums[place * size + at] as number) + (state[at] as number);
    }
    for (let at = 0; at < sums.length; at++)
      climatology[at] = (sums[at] as number) / Math.max(1, counts[Math.floor(at / size)] as number);
  }

  const weights = latitudeWeights(Array.from(samples.grid.latitudes));
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
