import type { MetricName, Protocol } from "./protocol.js";

/** Places of the sums that all scores of one field are made of. */
const [
  WEIGHT,
  ERROR,
  ABSOLUTE,
  SQUARED,
  CELLS,
  ANOMALY_WEIGHT,
  FORECAST,
  TRUTH,
  WEIGHTED_FORECAST,
  WEIGHTED_TRUTH,
  PRODUCT,
  FORECAST_SQUARED,
  TRUTH_SQUARED,
] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/** Numbers kept of one field. */
export const SUMS_PER_FIELD = 13;

/** Part of a grid with the weight of each of its cells. */
export interface WeightedCells {
  readonly name: string;
  /** Positions in `[H, W]`. */
  readonly cells: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Sums up one field over the cells of a region. Cells where the truth is missing (NaN) don't count; a forecast that is
 * not finite where the truth is known makes the scores so.
 *
 * Shape: fields hold `[H, W]` from `offset`; `sums` 13 numbers from `place`.
 */
export function addErrorSums(
  { cells, weights }: WeightedCells,
  forecast: Float32Array,
  truth: Float32Array,
  climatology: Float32Array | undefined,
  offset: number,
  sums: Float64Array,
  place: number,
): void {
  let [weightSum, errorSum, absoluteSum, squaredSum] = [0, 0, 0, 0];
  let [count, anomalyWeight, fSum, tSum, wfSum, wtSum, product, ffSum, ttSum] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let index = 0; index < cells.length; index++) {
    const cell = offset + (cells[index] as number);
    const [t, f, weight] = [truth[cell] as number, forecast[cell] as number, weights[index] as number];
    if (Number.isNaN(t)) continue;
    const error = f - t;
    weightSum += weight;
    errorSum += weight * error;
    absoluteSum += weight * Math.abs(error);
    squaredSum += weight * error * error;
    if (climatology === undefined) continue;
    const mean = climatology[cell] as number;
    if (Number.isNaN(mean)) continue;
    const [fa, ta] = [f - mean, t - mean];
    count += 1;
    anomalyWeight += weight;
    fSum += fa;
    tSum += ta;
    wfSum += weight * fa;
    wtSum += weight * ta;
    product += weight * fa * ta;
    ffSum += weight * fa * fa;
    ttSum += weight * ta * ta;
  }
  sums.set(
    [
      weightSum,
      errorSum,
      absoluteSum,
      squaredSum,
      count,
      anomalyWeight,
      fSum,
      tSum,
      wfSum,
      wtSum,
      product,
      ffSum,
      ttSum,
    ],
    place,
  );
}

/**
 * Scores of a set of samples from their sums, each metric as the protocol defines it. Samples without any known cell
 * don't count; a metric without any sample is NaN.
 *
 * @param rows sums of every sample, 13 numbers from `place` of each.
 * @param items the samples to count, with repetitions.
 */
export function scoreSums(
  protocol: Protocol,
  rows: readonly Float64Array[],
  place: number,
  items: ArrayLike<number>,
): Readonly<Record<MetricName, number>> {
  const total = new Float64Array(SUMS_PER_FIELD);
  let [bias, mae, mse, root, correlation, samples, correlated] = [0, 0, 0, 0, 0, 0, 0];
  for (let index = 0; index < items.length; index++) {
    const row = rows[items[index] as number] as Float64Array;
    const at = (sum: number): number => row[place + sum] as number;
    const weight = at(WEIGHT);
    if (weight === 0) continue;
    samples += 1;
    bias += at(ERROR) / weight;
    mae += at(ABSOLUTE) / weight;
    mse += at(SQUARED) / weight;
    root += Math.sqrt(at(SQUARED) / weight);
    if (at(CELLS) === 0) continue;
    correlated += 1;
    correlation += at(PRODUCT) / Math.sqrt(at(FORECAST_SQUARED) * at(TRUTH_SQUARED));
    for (let sum = CELLS; sum < SUMS_PER_FIELD; sum++) total[sum] = (total[sum] as number) + at(sum);
  }
  return {
    rmse: protocol.root === "after-time-mean" ? Math.sqrt(mse / samples) : root / samples,
    mse: mse / samples,
    acc: protocol.acc === "each-sample" ? correlation / correlated : pooledCorrelation(total),
    bias: bias / samples,
    mae: mae / samples,
  };
}

/** Correlation over all cells of all samples, with the unweighted means f and t removed: Σ w (F − f)(T − t) and so on. */
function pooledCorrelation(total: Float64Array): number {
  const at = (sum: number): number => total[sum] as number;
  const [f, t, weight] = [at(FORECAST) / at(CELLS), at(TRUTH) / at(CELLS), at(ANOMALY_WEIGHT)];
  const product = at(PRODUCT) - f * at(WEIGHTED_TRUTH) - t * at(WEIGHTED_FORECAST) + f * t * weight;
  const ff = at(FORECAST_SQUARED) - 2 * f * at(WEIGHTED_FORECAST) + f * f * weight;
  const tt = at(TRUTH_SQUARED) - 2 * t * at(WEIGHTED_TRUTH) + t * t * weight;
  return product / Math.sqrt(ff * tt);
}
