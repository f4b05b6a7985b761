import { join } from "node:path";
import { type Logger, MismatchError, silentLogger } from "@graticule/core";
import { imageFilesSpec } from "@graticule/data-geotiff";
import { applyLinearClassifier } from "@graticule/eval";
import { type BackendOptions, openBackend } from "@graticule/train";
import { openEncoder, openPretrainedRun } from "./encoder.js";
import { extractFeatures } from "./extract-features.js";
import { readProbe } from "./probe-file.js";

/** The classes of one image, from likely to unlikely. */
export interface Prediction {
  readonly path: string;
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

/** Name of the probe that `graticule-classify probe` leaves in a run folder. */
export const PROBE_FILE = "probe.safetensors";

/**
 * Classifies image files with a run's encoder and the probe fitted on it. A file that can't be read is named and left out.
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
  const probe = await readProbe(join(runFolder, PROBE_FILE));
  const encoder = await openEncoder(run, probe.pool);
  try {
    if (encoder.hash !== probe.encoderHash)
      throw new MismatchError(
        join(runFolder, PROBE_FILE),
        `an encoder with sha256 ${probe.encoderHash}`,
        encoder.hash,
        "Fit the probe again: graticule-classify probe.",
      );
    const { bands } = run.run.data;
    const found = await extractFeatures(encoder, {
      dataset: imageFilesSpec({ paths, schema: encoder.schema, ...(bands && { bands }) }),
      batchSize: options.batchSize ?? 64,
      numWorkers: options.numWorkers ?? 0,
      logger,
    });
    for (const { reason } of found.skipped) logger.warn(`skipped ${reason}`);
    const logits = await applyLinearClassifier(probe.classifier, found.values);
    const numClasses = probe.classNames.length;
    return Array.from(found.indices, (index, row) => ({
      path: paths[index] as string,
      classes: rankClasses(logits.subarray(row * numClasses, (row + 1) * numClasses), probe.classNames),
    }));
  } finally {
    encoder.dispose();
  }
}

function rankClasses(logits: Float32Array, classNames: readonly string[]): Prediction["classes"] {
  const highest = logits.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (value) => Math.exp(value - highest));
  const total = weights.reduce((sum, value) => sum + value, 0);
  return classNames
    .map((name, index) => ({ name, probability: (weights[index] as number) / total }))
    .sort((a, b) => b.probability - a.probability);
}
