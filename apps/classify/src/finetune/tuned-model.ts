import { addLora } from "@graticule/adapters";
import { ConfigError } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import { type Classifier, loadMaeEncoder, makeClassifier } from "@graticule/models";
import { deferInitialization } from "@graticule/nn";
import { openCheckpointWeights } from "@graticule/train";
import { type PretrainedRun, withoutHead } from "../encoder.js";
import { maeConfigFor } from "../mae-model-config.js";
import type { ModelDivision } from "../ranks/divide-model.js";
import { describeVit, type VitModelConfig, vitConfigFor } from "../vit-model-config.js";
import type { FinetuneConfig } from "./finetune-config.js";

/** Where a classifier can be divided among ranks. */
export const classifierDivision: ModelDivision = { blocks: "blocks.*", outputs: ["head"], channels: [] };

/**
 * The shape of a classifier on a run's encoder, as settings. It pools as its ViT does; a masked autoencoder's tokens by
 * their mean, as in MAE's fine-tuning.
 *
 * @throws {ConfigError} if the run's encoder is no ViT.
 */
export function tunableModel({ run: { model }, checkpoint: { path, state } }: PretrainedRun): VitModelConfig {
  if (model.kind === "vit") return { ...model, numClasses: undefined };
  if (model.kind === "hyperspectral-mae")
    throw new ConfigError(
      `finetune: expected the encoder of a ViT or an MAE, got ${model.kind} in ${path}. Use probe for it.`,
    );
  const { imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim, normEpsilon } = maeConfigFor(
    model,
    state.schema.length,
  );
  const shape = { imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim };
  return describeVit({ ...shape, normEpsilon: normEpsilon ?? 1e-6, pool: "mean" });
}

/**
 * A classifier as a run trains it, with the encoder of the run that it starts from or, where a checkpoint will bring the
 * weights anyway, without. What isn't trained is frozen.
 *
 * @throws {MismatchError} if the encoder has another shape than the settings say.
 * @throws {RangeError} if there are fewer blocks than are to be trained, or a target is no linear layer.
 */
export async function makeTunedModel(
  { seed, model, tune, dropPathRate }: FinetuneConfig,
  schema: ChannelSchema,
  numClasses: number,
  from?: PretrainedRun,
): Promise<Classifier> {
  const shape = vitConfigFor(model, schema.length);
  const classifier = deferInitialization(() => makeClassifier({ ...shape, numClasses, dropPathRate }, { seed }));
  if (from) {
    const weights = await openCheckpointWeights(from.checkpoint);
    await loadMaeEncoder(classifier, withoutHead(weights)).finally(() => weights.close());
  }
  freeze(classifier, tune, seed);
  return classifier;
}

function freeze(classifier: Classifier, { method, lastBlocks, lora }: FinetuneConfig["tune"], seed: number): void {
  if (method === "full") return;
  if (method === "lora") {
    const { rank: loraRank, alpha: loraAlpha, dropout: loraDropout, targets, rsLora, dora } = lora;
    const options = { loraRank, loraAlpha, loraDropout, targets, rsLora, dora };
    addLora(classifier, { ...options, modulesToSave: ["head"], seed });
    return;
  }
  const { depth } = classifier.config;
  if (method === "last-blocks" && lastBlocks > depth)
    throw new RangeError(`tune.lastBlocks: expected at most the model's ${depth} blocks, got ${lastBlocks}.`);
  const first = method === "linear" ? depth : depth - lastBlocks;
  for (const [path, parameter] of classifier.namedParameters()) {
    const block = Number(/^blocks\.(\d+)\./.exec(path)?.[1] ?? -1);
    const isNorm = method === "last-blocks" && /^(norm|fc_norm)\./.test(path);
    parameter.setTrainable(path.startsWith("head.") || isNorm || block >= first);
  }
}
