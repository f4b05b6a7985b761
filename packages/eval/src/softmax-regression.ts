import * as tf from "@tensorflow/tfjs-core";
import { type LbfgsOptions, type LbfgsResult, minimizeLbfgs } from "./minimize-lbfgs.js";

/** Design matrix on the active backend and its classes. */
export interface SoftmaxProblem {
  /** `[N, D]` */
  readonly inputs: tf.Tensor2D;
  /** `[N]` */
  readonly labels: Int32Array;
  readonly numClasses: number;
}

/**
 * Mean cross-entropy of a linear softmax classifier, and its gradient. The two matrix products run on the active tfjs
 * backend; the softmax and the sums are done in float64, so that a line search sees a smooth function.
 *
 * Layout: `parameters` = weight `[K, D]`, then bias `[K]`; the gradient likewise.
 */
export async function softmaxLossAndGradient(
  { inputs, labels, numClasses }: SoftmaxProblem,
  parameters: Float64Array,
): Promise<{ value: number; gradient: Float64Array }> {
  const [numItems, numFeatures] = inputs.shape;
  const bias = parameters.subarray(numClasses * numFeatures);
  const products = tf.tidy(() => {
    const weight = tf.tensor2d(Float32Array.from(parameters.subarray(0, numClasses * numFeatures)), [
      numClasses,
      numFeatures,
    ]);
    return tf.matMul(inputs, weight, false, true); // [N, K]
  });
  const logits = await products.data();
  products.dispose();

  const residuals = new Float32Array(numItems * numClasses); // softmax − one-hot
  const gradient = new Float64Array(parameters.length);
  let loss = 0;
  for (let item = 0; item < numItems; item++) {
    const row = item * numClasses;
    let highest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < numClasses; k++) highest = Math.max(highest, (logits[row + k] as number) + (bias[k] as number));
    let sum = 0;
    for (let k = 0; k < numClasses; k++) {
      const exponential = Math.exp((logits[row + k] as number) + (bias[k] as number) - highest);
      residuals[row + k] = exponential;
      sum += exponential;
    }
    const label = labels[item] as number;
    loss += Math.log(sum) + highest - (logits[row + label] as number) - (bias[label] as number);
    for (let k = 0; k < numClasses; k++) {
      const residual = (residuals[row + k] as number) / sum - (k === label ? 1 : 0);
      residuals[row + k] = residual;
      gradient[numClasses * numFeatures + k]! += residual / numItems;
    }
  }

  const weightGradient = tf.tidy(() => tf.matMul(tf.tensor2d(residuals, [numItems, numClasses]), inputs, true, false)); // [K, D]
  const values = await weightGradient.data();
  weightGradient.dispose();
  for (let index = 0; index < values.length; index++) gradient[index] = (values[index] as number) / numItems;
  return { value: loss / numItems, gradient };
}

/**
 * Multinomial logistic regression: minimizes mean cross-entropy + (l2 / 2)·‖weight‖² (the bias is free) by L-BFGS.
 *
 * Layout: parameters = weight `[K, D]`, then bias `[K]`.
 */
export function fitSoftmaxRegression(
  problem: SoftmaxProblem,
  l2: number,
  start: Float64Array,
  options: LbfgsOptions = {},
): Promise<LbfgsResult> {
  const numWeights = problem.numClasses * problem.inputs.shape[1];
  return minimizeLbfgs(
    async (parameters) => {
      const { value, gradient } = await softmaxLossAndGradient(problem, parameters);
      let squares = 0;
      for (let index = 0; index < numWeights; index++) {
        const weight = parameters[index] as number;
        squares += weight * weight;
        gradient[index]! += l2 * weight;
      }
      return { value: value + 0.5 * l2 * squares, gradient };
    },
    start,
    options,
  );
}
