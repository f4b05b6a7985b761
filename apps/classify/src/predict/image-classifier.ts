import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MismatchError } from "@graticule/core";
import type { BandSelection } from "@graticule/data-geotiff";
import { applyLinearClassifier } from "@graticule/eval";
import { tensor4d } from "@tensorflow/tfjs-core";
import { type Encoder, openEncoder, openPretrainedRun, type PretrainedRun } from "../encoder.js";
import { readProbe } from "../probe-file.js";
import { openTunedClassifier } from "../tuned-classifier.js";

/** Name of the probe that `graticule-classify probe` leaves in a run folder. */
export const PROBE_FILE = "probe.safetensors";

/** What gives images probabilities of classes: a fine-tuned classifier, or an encoder with the probe fitted on it. */
export interface ImageClassifier {
  readonly encoder: Encoder;
  readonly classNames: readonly string[];
  /** Changes with everything that the probabilities follow from. */
  readonly hash: string;
  /** Bands that the run took of its files, in the schema's order; all if absent. */
  readonly bands?: BandSelection;
  /** Shape: the encoder's features `[B, D]`, row by row → probabilities `[B, K]`. */
  probabilitiesOf(features: Float32Array): Promise<Float32Array>;
}

/**
 * Opens the classifier of a run on the backend that is open.
 *
 * @throws {MismatchError} if the probe was fitted on other weights than the run's newest.
 */
export async function openImageClassifier(runFolder: string): Promise<ImageClassifier> {
  const run = await openPretrainedRun(runFolder);
  const { encoder, classNames, hash, logitsOf } = await openScorer(run, runFolder);
  const { bands } = run.run.data;
  const probabilitiesOf = async (features: Float32Array): Promise<Float32Array> =>
    softmaxRows(await logitsOf(features), classNames.length);
  return { encoder, classNames, hash, ...(bands && { bands }), probabilitiesOf };
}

/** Classifies normalized images of the encoder's size. Shape: `[B, C, H, W]` → probabilities `[B, K]`. */
export async function classifyBatch(
  { encoder, probabilitiesOf }: ImageClassifier,
  images: Float32Array,
): Promise<Float32Array> {
  const { schema, imageSize } = encoder;
  const [height, width] = imageSize;
  const count = images.length / (schema.length * height * width);
  const input = tensor4d(images, [count, schema.length, height, width]);
  const features = encoder.features(input);
  const values = (await features.data()) as Float32Array;
  input.dispose();
  features.dispose();
  return probabilitiesOf(values);
}

/** What makes logits of a run's features. */
interface Scorer extends Pick<ImageClassifier, "encoder" | "classNames" | "hash"> {
  logitsOf(features: Float32Array): Promise<Float32Array>;
}

async function openScorer(run: PretrainedRun, runFolder: string): Promise<Scorer> {
  const tuned = await openTunedClassifier(run);
  if (tuned)
    return { encoder: tuned, classNames: tuned.classNames, hash: tuned.hash, logitsOf: async (logits) => logits };
  const path = join(runFolder, PROBE_FILE);
  const { classifier, classNames, pool, encoderHash } = await readProbe(path);
  const encoder = await openEncoder(run, pool);
  const hash = createHash("sha256")
    .update(encoder.hash)
    .update(await readFile(path))
    .digest("hex");
  if (encoder.hash === encoderHash)
    return { encoder, classNames, hash, logitsOf: (features) => applyLinearClassifier(classifier, features) };
  encoder.dispose();
  throw new MismatchError(
    path,
    `an encoder with sha256 ${encoderHash}`,
    encoder.hash,
    "Fit the probe again: graticule-classify probe.",
  );
}

function softmaxRows(logits: Float32Array, numClasses: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let row = 0; row < logits.length; row += numClasses) {
    const own = logits.subarray(row, row + numClasses);
    const highest = own.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
    const weights = Float64Array.from(own, (value) => Math.exp(value - highest));
    const total = weights.reduce((sum, value) => sum + value, 0);
    for (const [index, weight] of weights.entries()) probabilities[row + index] = weight / total;
  }
  return probabilities;
}
