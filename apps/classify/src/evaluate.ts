import { ConfigError, type Logger, silentLogger } from "@graticule/core";
import { type ClassificationMetrics, knn, type LinearClassifier, linearProbe } from "@graticule/eval";
import { openBackend } from "@graticule/train";
import { makeRandomEncoder, openEncoder, openPretrainedRun } from "./encoder.js";
import type { EvaluateConfig } from "./evaluate-config.js";
import { type ExtractedFeatures, extractFeatures, extractPixels } from "./extract-features.js";
import { datasetSpec, type Split } from "./open-dataset.js";

/** How well one kind of features separates the classes of the evaluation split. */
export interface Evaluation {
  /** `pretrained`, `random` or `pixels`. */
  readonly features: "pretrained" | "random" | "pixels";
  readonly numTrain: number;
  readonly numEval: number;
  readonly classNames: readonly string[];
  readonly metrics: ClassificationMetrics;
  /** The fitted classifier, of a probe. */
  readonly classifier?: LinearClassifier;
}

/** What an evaluation learned about a pretrained encoder and its baselines. */
export interface EvaluationResult {
  readonly method: "probe" | "knn";
  readonly checkpoint: string;
  readonly encoderHash: string;
  /** The pretrained encoder first, then the baselines asked for. */
  readonly evaluations: readonly Evaluation[];
}

/**
 * Extracts frozen features of the train and evaluation splits and scores them by a linear probe or by kNN.
 *
 * @throws {ConfigError} if the data has no classes.
 */
export async function evaluateEncoder(
  method: "probe" | "knn",
  runPath: string,
  config: EvaluateConfig,
  logger: Logger = silentLogger,
): Promise<EvaluationResult> {
  await openBackend({ ...config.backend, precision: "fp32" }, logger);
  const run = await openPretrainedRun(runPath);
  const pretrained = await openEncoder(run, config.pool);
  const evaluations: Evaluation[] = [];
  for (const features of ["pretrained", ...config.compare] as const) {
    const encoder = features === "random" ? makeRandomEncoder(run, config.seed, config.pool) : pretrained;
    const extract = features === "pixels" ? extractPixels : extractFeatures;
    const read = async (split: Split): Promise<ExtractedFeatures> => {
      const dataset = datasetSpec(config.data, split);
      const { batchSize, numWorkers } = config;
      const listener = features === "pretrained" ? logger : silentLogger; // Every encoder sees the same data.
      const found = await extract(encoder, { dataset, batchSize, numWorkers, logger: listener });
      for (const { reason } of found.skipped) logger.warn(`skipped ${reason}`);
      if (found.numClasses === 0)
        throw new ConfigError(
          `${method}: expected images in class folders or weak labels, got none in split '${split}'. Lay the images out as root/class/*, or set data.weakLabels.`,
        );
      return found;
    };
    const train = await read("train");
    const test = await read(config.evalSplit);
    evaluations.push({
      features,
      numTrain: train.labels.length,
      numEval: test.labels.length,
      classNames: train.classNames,
      ...(await score(method, train, test, config)),
    });
    if (encoder !== pretrained) encoder.dispose();
  }
  pretrained.dispose();
  return { method, checkpoint: run.checkpoint.path, encoderHash: pretrained.hash, evaluations };
}

async function score(
  method: "probe" | "knn",
  trainFeatures: ExtractedFeatures,
  testFeatures: ExtractedFeatures,
  { seed, probe, knn: { k, temperature } }: EvaluateConfig,
): Promise<Pick<Evaluation, "metrics" | "classifier">> {
  if (method === "probe") return linearProbe({ trainFeatures, testFeatures, method: probe.method, seed });
  const { metrics } = await knn({
    trainFeatures,
    testFeatures,
    k: Math.min(k, trainFeatures.labels.length),
    temperature,
    seed,
  });
  return { metrics };
}
