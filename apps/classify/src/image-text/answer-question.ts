import { ConfigError, type Logger, silentLogger } from "@graticule/core";
import { makeLoader, openDataset } from "@graticule/data";
import { imageFilesSpec } from "@graticule/data-geotiff";
import {
  defaultSlices,
  encodeQuestions,
  ForConditionalGeneration,
  ForSequenceClassification,
  imageTextWeights,
  mapWeights,
  type Sampling,
} from "@graticule/models";
import { type BackendOptions, loadWithin, openBackend } from "@graticule/train";
import { argMax, dispose, tidy } from "@tensorflow/tfjs-core";
import { type AnswerSettings, readAnswerSettings } from "./answer-settings.js";
import { type ImageLayout, imageLayout } from "./image-layout.js";
import { inputsOf } from "./image-questions.js";
import { type ModelFolder, openModelFolder } from "./model-folder.js";
import { rgbSchema } from "./question-data.js";
import { without } from "./tuned-image-text.js";

export interface AnswerOptions {
  readonly backend: BackendOptions;
  /** What the model was tuned with unless given. */
  readonly question?: string;
  readonly maxNewTokens: number;
  /** Draws the answer; unless given, the likeliest token is taken each time. */
  readonly sampling?: Sampling;
  /** Bytes that weights may take; layers of the decoder that don't fit are read anew each time. */
  readonly memoryLimit?: number;
  readonly logger?: Logger;
}

/**
 * Answers a question about an image file, part by part as the model writes it; a model with a head for classes gives the
 * likeliest one.
 *
 * @throws {ConfigError} if there is no question, or the weights don't fit into the limit.
 */
export async function* answerQuestion(
  model: string,
  imageFile: string,
  options: AnswerOptions,
): AsyncGenerator<string, void, undefined> {
  const { logger = silentLogger } = options;
  await openBackend(options.backend, logger);
  const folder = await openModelFolder(model);
  const settings = await readAnswerSettings(folder.path);
  const question = options.question ?? settings?.questions[0];
  if (question === undefined)
    throw new ConfigError(`${model}: expected a question, since the model was not tuned here, got none.`);
  const layout = await layoutOf(imageFile, folder, settings);
  const pixels = await readPixels(imageFile, layout);
  const grid = layout.sliced && { grid: layout.sliced.grid };
  const encoded = encodeQuestions(folder.tokenizer, [{ question, ...grid }], folder.config.resampler.numQueries);
  const own = settings?.head === "classes" ? settings.classNames : undefined;
  const network = own
    ? new ForSequenceClassification({ ...folder.config, numClasses: own.length })
    : new ForConditionalGeneration(folder.config);
  const weights = await folder.openWeights();
  const inputs = inputsOf(encoded, pixels.values, pixels.shape, layout);
  try {
    const leaves = own ? "llm.lm_head.weight" : "score.weight";
    const mapped = without(mapWeights(weights, imageTextWeights), (name) => name === leaves);
    const { memoryLimit } = options;
    const plan = await loadWithin(network, mapped, {
      ...(memoryLimit !== undefined && { memoryLimit, streamed: "llm.model.layers.*" }),
    });
    if (plan.streamed.length > 0) logger.info(`${plan.streamed.length} layers are read each time they compute`);
    if (network instanceof ForConditionalGeneration) {
      const { stopTokens } = folder.tokenizer;
      const { maxNewTokens, sampling } = options;
      yield* folder.tokenizer.decodeEach(
        network.generate(inputs, { maxNewTokens, stopTokens, ...(sampling && { sampling }) }),
      );
    } else {
      const best = tidy(() => argMax(network.forward(inputs), 1));
      yield (own as readonly string[])[(await best.data())[0] as number] as string;
      best.dispose();
    }
  } finally {
    dispose([...(inputs.images ?? [])]);
    network.dispose();
    await weights.close();
  }
}

/** That which the model was tuned with, or as published: an overview and slices by the image's own size. */
async function layoutOf(
  imageFile: string,
  { config: { vision } }: ModelFolder,
  settings: AnswerSettings | undefined,
): Promise<ImageLayout> {
  if (settings) return imageLayout(settings.image.size, settings.image.maxSlices, vision);
  const dataset = await openDataset(imageFilesSpec({ paths: [imageFile], schema: rgbSchema }));
  const [, height, width] = (await dataset.read(0)).shape;
  await dataset.close?.();
  return imageLayout([height, width], defaultSlices.maxSlices, vision);
}

async function readPixels(
  path: string,
  { size }: ImageLayout,
): Promise<{ readonly values: Float32Array; readonly shape: readonly [number, number, number, number] }> {
  const loader = await makeLoader({
    dataset: imageFilesSpec({ paths: [path], schema: rgbSchema }),
    ...{ schema: rgbSchema, batchSize: 1, seed: 0, shuffle: false, dropLast: false },
    transforms: [{ kind: "resize", size, interpolation: "bicubic" }, { kind: "normalize" }],
    ...{ numWorkers: 0, prefetchBatches: 1, onCorrupt: "fail" },
  });
  try {
    for await (const { images, shape } of loader.epoch(0)) return { values: images, shape };
    throw new ConfigError(`${path}: expected an image, got none.`);
  } finally {
    await loader.close();
  }
}
