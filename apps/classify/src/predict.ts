import { join } from "node:path";
import { type Logger, MismatchError, silentLogger } from "@graticule/core";
import { imageFilesSpec } from "@graticule/data-geotiff";
import { applyLinearClassifier } from "@graticule/eval";
import { type BackendOptions, openBackend } from "@graticule/train";
import { type Encoder, openEncoder, openPretrainedRun, type PretrainedRun } from "./encoder.js";
import { extractFeatures } from "./extract-features.js";
import { readProbe } from "./probe-file.js";
import { openTunedClassifier } from "./tuned-classifier.js";

/** The classes of one image, from likely to unlikely. */
export interface Prediction {
  readonly path: string;
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

/** Name of the probe that `graticule-classify probe` leaves in a run folder. */
export const PROBE_FILE = "probe.safetensors";

/**
 * Classifies image files with a run's head, where it was fine-tuned, or else with its encoder and the probe fitted on it. A
 * file that can't be read is named and left out.
 *
 * @throws {MismatchError} if the probe was fitted on other weights than the run's newest.
 */
export async function predictImages(
  runFolder: string,
  paths: readonly string[],
  options: { readonly backend: BackendOptions; readonly numWorkers?: number; readonly batchSize?: number },
  logger: Logger = silentLogger,
): Promise<Prediction[]> {
  await openBackend(options.backend, logger);
  const run = await openPretrainedRun(runFolder);
  const { encoder, classNames, logitsOf } = await openScorer(run, runFolder);
  try {
    const { bands } = run.run.data;
    const found = await extractFeatures(encoder, {
      dataset: imageFilesSpec({ paths, schema: encoder.schema, ...(bands && { bands }) }),
      batchSize: options.batchSize ?? 64,
      numWorkers: options.numWorkers ?? 0,
      logger,
    });
    for (const { reason } of found.skipped) logger.warn(`skipped ${reason}`);
    const logits = await logitsOf(found.values);
    const numClasses = classNames.length;
    return Array.from(found.indices, (index, row) => ({
      path: paths[index] as string,
      classes: rankClasses(logits.subarray(row * numClasses, (row + 1) * numClasses), classNames),
    }));
  } finally {
    encoder.dispose();
  }
}

/** What makes logits of a run's features. */
interface Scorer {
  readonly encoder: Encoder;
  readonly classNames: readonly string[];
  logitsOf(features: Float32Array): Promise<Float32Array>;
}

async function openScorer(run: PretrainedRun, runFolder: string): Promise<Scorer> {
  const tuned = await openTunedClassifier(run);
  if (tuned) return { encoder: tuned, classNames: tuned.classNames, logitsOf: async (logits) => logits };
  const path = join(runFolder, PROBE_FILE);
  const { classifier, classNames, pool, encoderHash } = await readProbe(path);
  const encoder = await openEncoder(run, pool);
  if (encoder.hash === encoderHash)
    return { encoder, classNames, logitsOf: (features) => applyLinearClassifier(classifier, features) };
  encoder.dispose();
  throw new MismatchError(
    path,
    `an encoder with sha256 ${encoderHash}`,
    encoder.hash,
    "Fit the probe again: graticule-classify probe.",
  );
}

function rankClasses(logits: Float32Array, classNames: readonly string[]): Prediction["classes"] {
  const highest = logits.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (value) => Math.exp(value - highest));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return classNames
    .map((name, index) => ({ name, probability: (weights[index] as number) / total }))
    .sort((a, b) => b.probability - a.probability);
}
