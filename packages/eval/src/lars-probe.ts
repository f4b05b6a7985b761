import { makeRandom } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { softmaxLossAndGradient } from "./softmax-regression.js";

/** MAE's linear-probe recipe; each default is the recipe's value. */
export interface LarsProbeOptions {
  /** Learning rate per 256 items: lr = baseLearningRate · batchSize / 256. */
  readonly baseLearningRate?: number;
  /**
   * Items per step. A smaller train set is taken whole, at the same learning rate: LARS makes the step's length
   * independent of the batch, and with a lower rate the few steps of a small set would not leave the start.
   * What is left over at an epoch's end is dropped.
   */
  readonly batchSize?: number;
  readonly epochs?: number;
  readonly warmupEpochs?: number;
}

const MOMENTUM = 0.9;
const TRUST = 0.001;
const INIT_STD = 0.01;

/**
 * Linear warm-up, then half a cosine to 0, as a function of the fractional epoch.
 * Source: facebookresearch/mae, util/lr_sched.py.
 */
export function probeLearningRate(epoch: number, peak: number, epochs: number, warmupEpochs: number): number {
  if (epoch < warmupEpochs) return (peak * epoch) / warmupEpochs;
  return (peak * (1 + Math.cos((Math.PI * (epoch - warmupEpochs)) / (epochs - warmupEpochs)))) / 2;
}

/**
 * One LARS step in place: `velocity = 0.9·velocity + trust·gradient`, `values −= lr·velocity`, where trust is
 * 0.001·‖values‖/‖gradient‖ for matrices and 1 for vectors (`adapt` false).
 * Source: You et al. 2017, arXiv:1708.03888; facebookresearch/mae, util/lars.py.
 */
export function applyLars(
  values: Float64Array,
  gradient: Float64Array,
  velocity: Float64Array,
  learningRate: number,
  adapt: boolean,
): void {
  const valueNorm = euclideanNorm(values);
  const gradientNorm = euclideanNorm(gradient);
  const trust = adapt && valueNorm > 0 && gradientNorm > 0 ? (TRUST * valueNorm) / gradientNorm : 1;
  for (let index = 0; index < values.length; index++) {
    velocity[index] = MOMENTUM * (velocity[index] as number) + trust * (gradient[index] as number);
    values[index]! -= learningRate * (velocity[index] as number);
  }
}

function euclideanNorm(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}

/**
 * Trains a linear softmax classifier by SGD with LARS, MAE's probe recipe: no weight decay, normal(0, 0.01) weights,
 * zero bias.
 *
 * Shape: `standardized [N, D]`; returns weight `[K, D]`, then bias `[K]`.
 * Source: He et al. 2022 (MAE), appendix A.1 and table 10, arXiv:2111.06377.
 *
 * @throws {RangeError} if an option is out of range.
 */
export async function fitLarsProbe(
  standardized: Float32Array,
  labels: Int32Array,
  numClasses: number,
  seed: number,
  { baseLearningRate = 0.1, batchSize = 16384, epochs = 90, warmupEpochs = 10 }: LarsProbeOptions = {},
): Promise<Float64Array> {
  if (!(Number.isInteger(batchSize) && batchSize > 0 && epochs > 0 && warmupEpochs >= 0 && warmupEpochs < epochs))
    throw new RangeError(
      `linearProbe sgd: expected batchSize of 1 or more and 0 <= warmupEpochs < epochs, got batchSize ${batchSize}, warmupEpochs ${warmupEpochs}, epochs ${epochs}. Lower warmupEpochs for a short run.`,
    );
  const numItems = labels.length;
  const numFeatures = standardized.length / numItems;
  const rows = Math.min(batchSize, numItems);
  const stepsPerEpoch = Math.floor(numItems / rows);
  const peak = (baseLearningRate * batchSize) / 256;
  const numWeights = numClasses * numFeatures;
  const parameters = new Float64Array(numWeights + numClasses);
  const random = makeRandom(seed, "probe-init");
  // timm's trunc_normal_ cuts at ±2 absolute, 200 deviations away: a plain normal.
  for (let index = 0; index < numWeights; index++) parameters[index] = INIT_STD * random.normal();
  const velocity = new Float64Array(parameters.length);

  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = makeRandom(seed, "probe-order", epoch).permutation(numItems);
    for (let step = 0; step < stepsPerEpoch; step++) {
      const items = order.subarray(step * rows, (step + 1) * rows);
      const learningRate = probeLearningRate(epoch + step / stepsPerEpoch, peak, epochs, warmupEpochs);
      const batch = new Float32Array(rows * numFeatures); // [rows, D]
      items.forEach((item, row) => {
        batch.set(standardized.subarray(item * numFeatures, (item + 1) * numFeatures), row * numFeatures);
      });
      const inputs = tf.tensor2d(batch, [rows, numFeatures]);
      const batchLabels = Int32Array.from(items, (item) => labels[item] as number);
      const { gradient } = await softmaxLossAndGradient({ inputs, labels: batchLabels, numClasses }, parameters);
      inputs.dispose();
      for (const [from, to, adapt] of [
        [0, numWeights, true],
        [numWeights, parameters.length, false],
      ] as const)
        applyLars(
          parameters.subarray(from, to),
          gradient.subarray(from, to),
          velocity.subarray(from, to),
          learningRate,
          adapt,
        );
    }
  }
  return parameters;
}
