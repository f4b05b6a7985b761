/** Per-feature shift and scale: `(x − mean) · scale`. */
export interface Standardizer {
  /** `[D]` */
  readonly mean: Float32Array;
  /** `[D]`, 1 / sqrt(variance + epsilon). */
  readonly scale: Float32Array;
}

/** MAE's epsilon, far below PyTorch's 1e-5, so that features of small spread are brought to unit variance too. */
const EPSILON = 1e-6;

/**
 * Measures mean and biased variance of each feature over the train set, as `BatchNorm1d(affine=False, eps=1e-6)`
 * does over a batch; here the batch is the whole set, so train and test see the same numbers.
 *
 * Shape: `values [N, D]`.
 * Source: He et al. 2022 (MAE), appendix A.1, arXiv:2111.06377.
 */
export function fitStandardizer(values: Float32Array, numFeatures: number): Standardizer {
  const numItems = values.length / numFeatures;
  const sums = new Float64Array(numFeatures);
  for (let item = 0; item < numItems; item++)
    for (let feature = 0; feature < numFeatures; feature++)
      sums[feature]! += values[item * numFeatures + feature] as number;
  const means = sums.map((sum) => sum / numItems);
  const squares = new Float64Array(numFeatures);
  for (let item = 0; item < numItems; item++)
    for (let feature = 0; feature < numFeatures; feature++)
      squares[feature]! += ((values[item * numFeatures + feature] as number) - (means[feature] as number)) ** 2;
  return {
    mean: Float32Array.from(means),
    scale: Float32Array.from(squares, (square) => 1 / Math.sqrt(square / numItems + EPSILON)),
  };
}

/** Applies a standardizer. Shape: `[N, D] → [N, D]`, a new array. */
export function applyStandardizer(standardizer: Standardizer, values: Float32Array): Float32Array {
  const { mean, scale } = standardizer;
  const numFeatures = mean.length;
  const standardized = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += numFeatures)
    for (let feature = 0; feature < numFeatures; feature++)
      standardized[start + feature] =
        ((values[start + feature] as number) - (mean[feature] as number)) * (scale[feature] as number);
  return standardized;
}
