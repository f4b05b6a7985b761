import { setAdapterDropout, type TrainableParameters, trainableParameters } from "@graticule/adapters";
import { type Logger, silentLogger } from "@graticule/core";
import { ForConditionalGeneration } from "@graticule/models";
import {
  findLatestCheckpoint,
  openBackend,
  singleDevice,
  type TrainOptions,
  type TrainResult,
  trainRun,
} from "@graticule/train";
import { type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { type KeptWeights, keepBest, readBest } from "../finetune/best-weights.js";
import { findSplits } from "../finetune/tuning-data.js";
import { imageLayout } from "./image-layout.js";
import { askAbout, inputsOf, type QuestionMaker } from "./image-questions.js";
import { type ImageTextFinetuneConfig, imageTextMayChange, learningRateOf } from "./image-text-config.js";
import { openModelFolder } from "./model-folder.js";
import { openQuestionImages } from "./question-data.js";
import { type SavedImageText, saveTunedImageText } from "./save-image-text.js";
import { scoreAnswers, targetLoss } from "./score-answers.js";
import { makeTunedImageText, trainedPart } from "./tuned-image-text.js";

export interface FinetuneImageTextOptions {
  readonly resume?: boolean;
  readonly logger?: Logger;
  readonly progressStream?: NonNullable<TrainOptions["progressStream"]>;
}

/** What a fine-tuning run has come to. */
export interface FinetuneImageTextResult extends TrainResult {
  readonly trainable: TrainableParameters;
  /** The best weights and their scores; undefined if a signal ended the run before its end. */
  readonly saved: SavedImageText | undefined;
}

/**
 * Trains an image-text model to answer questions about images, or to score their classes, or continues the run that is
 * there, and leaves its best weights in `RUN/tuned`, adapters merged, as a model that can be published. Checkpoints hold what
 * is trained; the rest comes from the folder that the run began with.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the data.
 */
export async function finetuneImageText(
  runFolder: string,
  config: ImageTextFinetuneConfig,
  { resume = false, logger = silentLogger, progressStream }: FinetuneImageTextOptions = {},
): Promise<FinetuneImageTextResult> {
  const backend = await openBackend(config.backend, logger);
  const folder = await openModelFolder(config.from);
  const layout = imageLayout(config.image.size, config.image.maxSlices, folder.config.vision);
  const splits = await findSplits(config, logger);
  const loader = await openQuestionImages(config, "train", layout.size, logger);
  const validation = await openQuestionImages(config, splits.validation, layout.size, logger);
  const { classNames } = loader;
  const { numQueries } = folder.config.resampler;
  const maker: QuestionMaker = {
    tokenizer: folder.tokenizer,
    numQueries,
    layout,
    questions: config.questions,
    classNames,
  };
  const model = await makeTunedImageText(folder, config, classNames.length);
  const part = trainedPart(model);
  const isLora = config.tune.method === "lora";
  const existing = resume ? await findLatestCheckpoint(runFolder, silentLogger) : undefined;
  let best: readonly KeptWeights[] = await readBest(runFolder, existing?.state.step ?? 0);
  try {
    const result = await trainRun({
      ...{ runFolder, config, model: part, loader, backend, resume, logger },
      loss: ({ images, shape, labels, indices }, { random }) => {
        if (isLora) setAdapterDropout(model, (place, row) => random(`dropout ${place}`, indices[row] as number));
        const { answers, ...asked } = askAbout(maker, labels, {
          tells: config.head === "answer",
          random: (row) => random("question", indices[row] as number),
        });
        return tidy(() => {
          const inputs = inputsOf(asked, images, shape, layout);
          if (model instanceof ForConditionalGeneration)
            return targetLoss(model.answerLogits(inputs, answers), answers);
          return targetLoss(
            model.forward(inputs) as Tensor2D,
            Array.from(labels, (token) => ({ token })),
          );
        });
      },
      evaluate: {
        everySteps:
          config.train.validateEveryEpochs *
          Math.max(1, Math.floor(loader.batchesPerEpoch / config.train.gradAccumSteps)),
        run: async (step) => {
          if (isLora) setAdapterDropout(model, undefined);
          const { loss, accuracy } = await scoreAnswers(model, validation, maker);
          const kept = { step, score: accuracy, loss, count: config.train.keepBest };
          best = await keepBest(runFolder, part, kept, best, singleDevice());
          return { loss, accuracy };
        },
      },
      learningRate: learningRateOf(config),
      configMayChange: imageTextMayChange,
      ...(progressStream && { progressStream }),
    });
    const trainable = trainableParameters(model);
    if (result.stopped) return { ...result, trainable, saved: undefined };
    const evaluation = await openQuestionImages(config, splits.evaluation, layout.size, logger);
    const tuned = { folder, config, maker, best, split: splits.evaluation };
    const saved = await saveTunedImageText(runFolder, model, evaluation, tuned).finally(() => evaluation.close());
    return { ...result, trainable, saved };
  } finally {
    await loader.close();
    await validation.close();
    model.dispose();
  }
}
