import { type Logger, silentLogger } from "@graticule/core";
import { imageFilesSpec } from "@graticule/data-geotiff";
import { type BackendOptions, openBackend } from "@graticule/train";
import { extractFeatures } from "../extract-features.js";
import { openImageClassifier } from "./image-classifier.js";

/** A class and how likely it is. */
export interface ScoredClass {
  readonly name: string;
  readonly probability: number;
}

/** The classes of one image, from likely to unlikely. */
export interface Prediction {
  readonly path: string;
  readonly classes: readonly ScoredClass[];
}

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
  const { encoder, classNames, bands, probabilitiesOf } = await openImageClassifier(runFolder);
  try {
    const found = await extractFeatures(encoder, {
      dataset: imageFilesSpec({ paths, schema: encoder.schema, ...(bands && { bands }) }),
      batchSize: options.batchSize ?? 64,
      numWorkers: options.numWorkers ?? 0,
      logger,
    });
    for (const { reason } of found.skipped) logger.warn(`skipped ${reason}`);
    const probabilities = await probabilitiesOf(found.values);
    const numClasses = classNames.length;
    return Array.from(found.indices, (index, row) => ({
      path: paths[index] as string,
      classes: rankClasses(probabilities.subarray(row * numClasses, (row + 1) * numClasses), classNames),
    }));
  } finally {
    encoder.dispose();
  }
}

/** Names probabilities, from likely to unlikely. */
export function rankClasses(probabilities: Float32Array, classNames: readonly string[]): ScoredClass[] {
  return classNames
    .map((name, index) => ({ name, probability: probabilities[index] as number }))
    .sort((a, b) => b.probability - a.probability);
}
