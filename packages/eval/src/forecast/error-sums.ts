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

/** Places of the terms that a protocol's scores of a set of samples are made of, by sums over the samples. */
const [SAMPLES, BIAS, MAE, MSE, ROOT, CORRELATED, CORRELATION] = [0, 1, 2, 3, 4, 5, 6];
/** Behind them, where correlation is pooled, the sums from `CELLS` on. */
const POOLED = 7;

/** T, the number of a protocol's terms. */
export function termsPerSample({ acc }: Protocol): number {
  return acc === "each-sample" ? POOLED : POOLED + SUMS_PER_FIELD - CELLS;
}

/**
 * Terms of one field of every sample; those of a sample without any known cell are 0.
 *
 * @param rows sums of every sample, 13 numbers from `place` of each.
 *
 * @returns `[samples, T]`, in rows of `stride` numbers from `offset` on.
 */
export function fillErrorTerms(
  protocol: Protocol,
  rows: readonly Float64Array[],
  place: number,
  into: { readonly terms: Float64Array; readonly stride: number; readonly offset: number },
): void {
  const { terms, stride, offset } = into;
  for (const [sample, row] of rows.entries()) {
    const at = (sum: number): number => row[place + sum] as number;
    const weight = at(WEIGHT);
    if (weight === 0) continue;
    const from = sample * stride + offset;
    terms[from + SAMPLES] = 1;
    terms[from + BIAS] = at(ERROR) / weight;
    terms[from + MAE] = at(ABSOLUTE) / weight;
    terms[from + MSE] = at(SQUARED) / weight;
    terms[from + ROOT] = Math.sqrt(at(SQUARED) / weight);
    if (at(CELLS) === 0) continue;
    terms[from + CORRELATED] = 1;
    terms[from + CORRELATION] = at(PRODUCT) / Math.sqrt(at(FORECAST_SQUARED) * at(TRUTH_SQUARED));
    if (protocol.acc === "each-sample") continue;
    for (let sum = CELLS; sum < SUMS_PER_FIELD; sum++) terms[from + POOLED + sum - CELLS] = at(sum);
  }
}

/**
 * Scores of a set of samples from the sums of their terms, each metric as the protocol defines it. A metric without any
 * sample is NaN.
 *
 * @param sums T numbers from `offset` on.
 */
export function scoresOfTerms(
  protocol: Protocol,
  sums: Float64Array,
  offset = 0,
): Readonly<Record<MetricName, number>> {
  const at = (term: number): number => sums[offset + term] as number;
  const samples = at(SAMPLES);
  return {
    rmse: protocol.root === "after-time-mean" ? Math.sqrt(at(MSE) / samples) : at(ROOT) / samples,
    mse: at(MSE) / samples,
    acc:
      protocol.acc === "each-sample"
        ? at(CORRELATION) / at(CORRELATED)
        : pooledCorrelation((sum) => at(POOLED + sum - CELLS)),
    bias: at(BIAS) / samples,
    mae: at(MAE) / samples,
  };
}

/** Correlation over all cells of all samples, with the unweighted means f and t removed: Σ w (F − f)(T − t) and so on. */
function pooledCorrelation(at: (sum: number) => number): number {
  const [f, t, weight] = [at(FORECAST) / at(CELLS), at(TRUTH) / at(CELLS), at(ANOMALY_WEIGHT)];
  const product = at(PRODUCT) - f * at(WEIGHTED_TRUTH) - t * at(WEIGHTED_FORECAST) + f * t * weight;
  const ff = at(FORECAST_SQUARED) - 2 * f * at(WEIGHTED_FORECAST) + f * f * weight;
  const tt = at(TRUTH_SQUARED) - 2 * t * at(WEIGHTED_TRUTH) + t * t * weight;
  return product / Math.sqrt(ff * tt);
}
