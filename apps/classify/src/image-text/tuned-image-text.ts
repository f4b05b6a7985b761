import { addLora } from "@graticule/adapters";
import { ForConditionalGeneration, ForSequenceClassification, imageTextWeights, mapWeights } from "@graticule/models";
import { applyRecompute, initialize, normal, type TensorFile } from "@graticule/nn";
import { loadWithin } from "@graticule/train";
import type { ImageTextFinetuneConfig } from "./image-text-config.js";
import type { ModelFolder } from "./model-folder.js";
import { ModulePart } from "./module-part.js";

export type TunedImageText = ForConditionalGeneration | ForSequenceClassification;

/** What of a published file a model with a head for classes has no place for. */
const isScorer = (name: string): boolean => name === "llm.lm_head.weight" || name === "score.weight";

type Tuning = Pick<ImageTextFinetuneConfig, "seed" | "head" | "tune" | "memoryLimit" | "train">;

/**
 * Builds the model of a folder as a run trains it: weights loaded one by one, a base of LoRA as the file stores them and all
 * else in float32; a new head for classes.
 *
 * @throws {MismatchError} that lists every tensor without its place.
 * @throws {ConfigError} if the weights don't fit into `memoryLimit`.
 */
export async function makeTunedImageText(
  folder: ModelFolder,
  { seed, head, tune, memoryLimit, train }: Tuning,
  numClasses: number,
): Promise<TunedImageText> {
  const model =
    head === "answer"
      ? new ForConditionalGeneration(folder.config)
      : new ForSequenceClassification({ ...folder.config, numClasses });
  const weights = await folder.openWeights();
  try {
    const leaves = head === "answer" ? (name: string) => name === "score.weight" : isScorer;
    const file = without(mapWeights(weights, imageTextWeights), leaves);
    await loadWithin(new ModulePart(model, (path) => path !== "score.weight"), file, {
      ...(tune.method === "full" && { stored: "float32" as const }),
      ...(memoryLimit !== undefined && { memoryLimit }),
    });
  } finally {
    await weights.close();
  }
  if (model instanceof ForSequenceClassification) initialize(model.score, [["weight", normal(0.02)]], seed);
  if (tune.method === "lora") {
    const { rank: loraRank, alpha: loraAlpha, dropout: loraDropout, targets } = tune.lora;
    const modulesToSave = head === "classes" ? ["score"] : [];
    addLora(model, { loraRank, loraAlpha, loraDropout, targets, modulesToSave, seed });
  }
  if (train.recompute !== undefined) applyRecompute(model, train.recompute);
  return model;
}

/** What of a model is trained, which is all that its checkpoints hold. */
export const trainedPart = (model: TunedImageText): ModulePart =>
  new ModulePart(model, (_, { trainable }) => trainable);

/** A file's tensors but for some. */
export function without(file: TensorFile, leaves: (name: string) => boolean): TensorFile {
  return { ...file, tensors: new Map([...file.tensors].filter(([name]) => !leaves(name))) };
}
