import * as tf from "@tensorflow/tfjs-core";
import type { BootstrapOptions } from "./bootstrap.js";
import { type ClassificationMetrics, classificationMetrics, predictClasses } from "./classification-metrics.js";
import { holdOut } from "./hold-out.js";
import { checkTrainAndTest, type LabelledFeatures } from "./labelled-features.js";
import { fitLarsProbe, type LarsProbeOptions } from "./lars-probe.js";
import { applyLinearClassifier, type LinearClassifier } from "./linear-classifier.js";
import type { LbfgsOptions } from "./minimize-lbfgs.js";
import { fitSoftmaxRegression, softmaxLossAndGradient } from "./softmax-regression.js";
import { applyStandardizer, fitStandardizer, type Standardizer } from "./standardizer.js";

export interface LbfgsProbeOptions extends LbfgsOptions {
  /** Penalties to choose from, of (l2/2)·‖weight‖² beside the mean cross-entropy on standardized features. */
  readonly l2Grid?: readonly number[];
  /** Share of each class held out of the train set to choose among the penalties. */
  readonly validationFraction?: number;
}

export interface LinearProbeOptions {
  readonly trainFeatures: LabelledFeatures;
  readonly testFeatures: LabelledFeatures;
  /** `lbfgs`: full-batch logistic regression with a chosen L2. `sgd`: MAE's LARS recipe. */
  readonly method: "lbfgs" | "sgd";
  readonly seed: number;
  readonly lbfgs?: LbfgsProbeOptions;
  readonly sgd?: LarsProbeOptions;
  /** Its seed is the probe's. */
  readonly bootstrap?: Omit<BootstrapOptions, "seed">;
}

export interface LinearProbeResult {
  /** `[N]` of the test set. */
  readonly predictions: Int32Array;
  /** `[N, K]` of the test set. */
  readonly logits: Float32Array;
  readonly metrics: ClassificationMetrics;
  readonly trainTop1: number;
  readonly classifier: LinearClassifier;
  /** The chosen penalty; only with method `lbfgs`. */
  readonly l2?: number;
}

/** From strongly bound to nearly free, finer where the best penalty for features of unit variance mostly lies. */
const L2_GRID = [3, 1, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-5] as const;

function takeRows(values: Float32Array, numFeatures: number, items: Int32Array): Float32Array {
  const taken = new Float32Array(items.length * numFeatures);
  items.forEach((item, row) => {
    taken.set(values.subarray(item * numFeatures, (item + 1) * numFeatures), row * numFeatures);
  });
  return taken;
}

function shareRight(predictions: Int32Array, labels: Int32Array): number {
  return (
    predictions.reduce((hits, prediction, item) => hits + (prediction === labels[item] ? 1 : 0), 0) / labels.length
  );
}

function toClassifier(standardizer: Standardizer, parameters: Float64Array, numClasses: number): LinearClassifier {
  const numWeights = parameters.length - numClasses;
  return {
    standardizer,
    weight: Float32Array.from(parameters.subarray(0, numWeights)),
    bias: Float32Array.from(parameters.subarray(numWeights)),
  };
}

/**
 * Fits from the strongest penalty to the weakest, each from the last optimum. The highest top-1 on the held-out part
 * wins, of equal ones the lowest held-out loss.
 */
async function chooseL2(
  features: LabelledFeatures,
  numFeatures: number,
  seed: number,
  { l2Grid = L2_GRID, validationFraction = 0.2, ...lbfgs }: LbfgsProbeOptions,
): Promise<number> {
  const { values, labels, numClasses } = features;
  if (
    l2Grid.length === 0 ||
    l2Grid.some((l2) => !(l2 >= 0 && Number.isFinite(l2))) ||
    !(validationFraction > 0 && validationFraction < 1)
  )
    throw new RangeError(
      `linearProbe lbfgs: expected penalties of 0 or more and 0 < validationFraction < 1, got l2Grid [${l2Grid.join(", ")}] and validationFraction ${validationFraction}.`,
    );
  const falling = [...l2Grid].sort((a, b) => b - a);
  const { kept, heldOut } = holdOut(labels, numClasses, validationFraction, seed);
  if (falling.length === 1 || heldOut.length === 0) return falling[0] as number;

  const fitValues = takeRows(values, numFeatures, kept);
  const standardizer = fitStandardizer(fitValues, numFeatures);
  const problemOf = (rows: Float32Array, items: Int32Array) => ({
    inputs: tf.tensor2d(applyStandardizer(standardizer, rows), [items.length, numFeatures]),
    labels: Int32Array.from(items, (item) => labels[item] as number),
    numClasses,
  });
  const fitProblem = problemOf(fitValues, kept);
  const heldOutValues = takeRows(values, numFeatures, heldOut);
  const heldOutProblem = problemOf(heldOutValues, heldOut);
  let parameters: Float64Array = new Float64Array(numClasses * (numFeatures + 1));
  let best = { l2: falling[0] as number, top1: -1, loss: Number.POSITIVE_INFINITY };
  for (const l2 of falling) {
    ({ parameters } = await fitSoftmaxRegression(fitProblem, l2, parameters, lbfgs));
    const { value: loss } = await softmaxLossAndGradient(heldOutProblem, parameters);
    const logits = await applyLinearClassifier(toClassifier(standardizer, parameters, numClasses), heldOutValues);
    const top1 = shareRight(predictClasses(logits, numClasses), heldOutProblem.labels);
    if (top1 > best.top1 || (top1 === best.top1 && loss < best.loss)) best = { l2, top1, loss };
  }
  tf.dispose([fitProblem.inputs, heldOutProblem.inputs]);
  return best.l2;
}

/**
 * Fits a linear classifier on frozen, standardized features and judges it on the test set. Deterministic given the
 * seed and the backend. Run it under fp32: under a bf16 policy the matrix products are too coarse for a line search.
 *
 * Source: He et al. 2022 (MAE), appendix A.1, arXiv:2111.06377 (standardization, `sgd`); Radford et al. 2021 (CLIP),
 * appendix A.3, arXiv:2103.00020 (`lbfgs` with L2 chosen on a validation split).
 *
 * @throws {ShapeError} if a set is empty or the two differ in features or classes.
 * @throws {RangeError} if a label, a feature or an option is out of range.
 */
export async function linearProbe(options: LinearProbeOptions): Promise<LinearProbeResult> {
  const { trainFeatures, testFeatures, method, seed } = options;
  const { numTrain, numFeatures, numClasses } = checkTrainAndTest("linearProbe", trainFeatures, testFeatures);
  const standardizer = fitStandardizer(trainFeatures.values, numFeatures);
  const standardized = applyStandardizer(standardizer, trainFeatures.values);

  let parameters: Float64Array;
  let l2: number | undefined;
  if (method === "lbfgs") {
    l2 = await chooseL2(trainFeatures, numFeatures, seed, options.lbfgs ?? {});
    const inputs = tf.tensor2d(standardized, [numTrain, numFeatures]);
    const start = new Float64Array(numClasses * (numFeatures + 1));
    const problem = { inputs, labels: trainFeatures.labels, numClasses };
    ({ parameters } = await fitSoftmaxRegression(problem, l2, start, options.lbfgs));
    inputs.dispose();
  } else {
    parameters = await fitLarsProbe(standardized, trainFeatures.labels, numClasses, seed, options.sgd);
  }

  const classifier = toClassifier(standardizer, parameters, numClasses);
  const trainLogits = await applyLinearClassifier(classifier, trainFeatures.values);
  const logits = await applyLinearClassifier(classifier, testFeatures.values);
  return {
    predictions: predictClasses(logits, numClasses),
    logits,
    metrics: classificationMetrics(logits, testFeatures.labels, numClasses, { ...options.bootstrap, seed }),
    trainTop1: shareRight(predictClasses(trainLogits, numClasses), trainFeatures.labels),
    classifier,
    ...(l2 === undefined ? {} : { l2 }),
  };
}
