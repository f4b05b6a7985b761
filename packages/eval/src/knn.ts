import * as tf from "@tensorflow/tfjs-core";
import type { BootstrapOptions } from "./bootstrap.js";
import { type ClassificationMetrics, classificationMetrics, predictClasses } from "./classification-metrics.js";
import { checkTrainAndTest, type LabelledFeatures } from "./labelled-features.js";

export interface KnnOptions {
  readonly trainFeatures: LabelledFeatures;
  readonly testFeatures: LabelledFeatures;
  /** Neighbours that vote. DINO's 20 is best over most sets. */
  readonly k?: number;
  /** A neighbour's vote is exp(similarity / temperature). DINO's 0.07. */
  readonly temperature?: number;
  /** Of the bootstrap; kNN itself draws nothing. */
  readonly seed: number;
  /** Its seed is `seed`. */
  readonly bootstrap?: Omit<BootstrapOptions, "seed">;
}

export interface KnnResult {
  /** `[N]` of the test set. */
  readonly predictions: Int32Array;
  /** `[N, K]` share of the votes that each class got. */
  readonly votes: Float32Array;
  readonly metrics: ClassificationMetrics;
}

/** Similarities held at a time: 64 MiB of float32. */
const CHUNK_SIMILARITIES = 1 << 24;

/** Scales each row to length 1; a row of zeros stays, and is then equally unlike everything. */
function normalizeRows(values: Float32Array, numFeatures: number): Float32Array {
  const normalized = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += numFeatures) {
    let squares = 0;
    for (let index = start; index < start + numFeatures; index++) squares += (values[index] as number) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let index = start; index < start + numFeatures; index++) normalized[index] = (values[index] as number) * scale;
  }
  return normalized;
}

/** Positions of the k largest of a row, from high to low; of equal ones the earlier comes first. */
function largestPositions(row: ArrayLike<number>, start: number, length: number, k: number): Int32Array {
  const positions = new Int32Array(k);
  let filled = 0;
  for (let position = 0; position < length; position++) {
    const value = row[start + position] as number;
    if (filled === k && value <= (row[start + (positions[k - 1] as number)] as number)) continue;
    let slot = filled < k ? filled++ : k - 1;
    while (slot > 0 && (row[start + (positions[slot - 1] as number)] as number) < value) {
      positions[slot] = positions[slot - 1] as number;
      slot -= 1;
    }
    positions[slot] = position;
  }
  return positions;
}

/**
 * Classifies each test item by its k most similar train items (cosine), weighted by exp(similarity / temperature).
 *
 * Source: Caron et al. 2021 (DINO), §4.1 and eval_knn.py, arXiv:2104.14294; Wu et al. 2018, §3.4, arXiv:1805.01978.
 *
 * @throws {ShapeError} if a set is empty or the two differ in features or classes.
 * @throws {RangeError} if k is not from 1 to the number of train items, or the temperature is not above 0.
 */
export async function knn(options: KnnOptions): Promise<KnnResult> {
  const { trainFeatures, testFeatures, k = 20, temperature = 0.07, seed } = options;
  const { numTrain, numTest, numFeatures, numClasses } = checkTrainAndTest("knn", trainFeatures, testFeatures);
  if (!(Number.isInteger(k) && k >= 1 && k <= numTrain))
    throw new RangeError(`knn: expected k from 1 to the ${numTrain} train items, got ${k}. Ask for fewer neighbours.`);
  if (!(temperature > 0)) throw new RangeError(`knn: expected a temperature above 0, got ${temperature}. Use 0.07.`);

  const train = tf.tensor2d(normalizeRows(trainFeatures.values, numFeatures), [numTrain, numFeatures]);
  const votes = new Float32Array(numTest * numClasses);
  const chunkRows = Math.max(1, Math.floor(CHUNK_SIMILARITIES / numTrain));
  for (let first = 0; first < numTest; first += chunkRows) {
    const rows = Math.min(chunkRows, numTest - first);
    const chunk = testFeatures.values.subarray(first * numFeatures, (first + rows) * numFeatures);
    const products = tf.tidy(() =>
      tf.matMul(tf.tensor2d(normalizeRows(chunk, numFeatures), [rows, numFeatures]), train, false, true),
    );
    const similarities = await products.data(); // [rows, numTrain]
    products.dispose();
    for (let row = 0; row < rows; row++) {
      const nearest = largestPositions(similarities, row * numTrain, numTrain, k);
      const highest = similarities[row * numTrain + (nearest[0] as number)] as number;
      const weights = Float64Array.from(nearest, (item) =>
        Math.exp(((similarities[row * numTrain + item] as number) - highest) / temperature),
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      nearest.forEach((item, index) => {
        votes[(first + row) * numClasses + (trainFeatures.labels[item] as number)]! +=
          (weights[index] as number) / total;
      });
    }
  }
  train.dispose();
  return {
    predictions: predictClasses(votes, numClasses),
    votes,
    metrics: classificationMetrics(votes, testFeatures.labels, numClasses, { ...options.bootstrap, seed }),
  };
}
