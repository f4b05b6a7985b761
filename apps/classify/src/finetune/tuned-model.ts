import { addLora } from "@graticule/adapters";
import type { ChannelSchema } from "@graticule/data";
import {
  type ChannelVitWithHeads,
  type HeadConfig,
  loadMaeEncoder,
  makeChannelVitWithHeads,
  makeClassifier,
  makeVitWithHeads,
  type Vit,
} from "@graticule/models";
import { type DropoutStreams, deferInitialization, type StateReader } from "@graticule/nn";
import { openCheckpointWeights } from "@graticule/train";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type PretrainedRun, withoutHead } from "../encoder.js";
import { type ChannelVitModelConfig, channelVitConfigFor, describeEncoder } from "../hyperspectral-model-config.js";
import { maeConfigFor } from "../mae-model-config.js";
import type { ModelDivision } from "../ranks/divide-model.js";
import { describeVit, type VitModelConfig, vitConfigFor } from "../vit-model-config.js";
import type { FinetuneConfig } from "./finetune-config.js";

/** An encoder with heads. */
export type TunedModule = Vit | ChannelVitWithHeads;

/** The settings of an encoder that can be tuned. */
export type TunableModelConfig = VitModelConfig | ChannelVitModelConfig;

/** Whether heads can be put on what settings describe. */
export function isTunable<M extends { readonly kind: string }>(model: M): model is M & TunableModelConfig {
  return model.kind === "vit" || model.kind === "channel-vit";
}

/** An encoder with what reads it. */
export interface TunedModel {
  readonly module: TunedModule;
  /** The outputs of each head; random streams make the encoder drop paths. */
  outputs(images: Tensor, streams?: DropoutStreams): Tensor[];
}

/**
 * An encoder with new heads: one head on a ViT's pooled features makes a classifier, which pools as the encoder's settings say;
 * others, or several, stand side by side on normalized tokens, as all do on an encoder of many channels.
 */
export function makeModelWithHeads(
  model: TunableModelConfig,
  { schema, heads, dropPathRate, seed }: ModelOptions,
): TunedModel {
  if (model.kind === "channel-vit") {
    const shape = { ...channelVitConfigFor(model, schema), dropPathRate };
    const module = makeChannelVitWithHeads({ ...shape, heads }, { seed });
    return { module, outputs: (images, streams) => module.forwardHeads(images, streams) };
  }
  const shape = { ...vitConfigFor(model, schema.length), dropPathRate };
  const [head] = heads as readonly [HeadConfig];
  if (heads.length === 1 && head.kind === "pooled") {
    const module = makeClassifier({ ...shape, numClasses: head.outputs }, { seed });
    return { module, outputs: (images, streams) => [module.forward(images, streams)] };
  }
  const module = makeVitWithHeads({ ...shape, heads }, { seed });
  return { module, outputs: (images, streams) => module.forwardHeads(images, streams) };
}

export interface ModelOptions {
  readonly schema: ChannelSchema;
  readonly heads: readonly HeadConfig[];
  readonly dropPathRate: number;
  readonly seed: number;
}

/** Where a tuned model can be divided among ranks: of heads the one of a classifier alone. */
export function divisionOf({ module }: TunedModel): ModelDivision {
  const hasClassifier = module.namedModules().some(([path]) => path === "head");
  const channels = "channels" in module ? ["channels"] : [];
  return { blocks: "blocks.*", outputs: hasClassifier ? ["head"] : [], channels };
}

/** Channels that this rank embeds, by place and rising: all, unless the model is divided by groups of them. */
export function ownChannelsOf({ module }: TunedModel, schema: ChannelSchema): readonly number[] {
  return "channels" in module ? module.channels.heldChannels : Array.from(schema.keys());
}

/**
 * The shape of a model on a run's encoder, as settings. A classifier pools as its ViT does; a masked autoencoder's tokens by
 * their mean, as in MAE's fine-tuning.
 */
export function tunableModel({ run: { model }, checkpoint: { state } }: PretrainedRun): TunableModelConfig {
  if (isTunable(model)) return { ...model, numClasses: undefined };
  if (model.kind === "hyperspectral-mae") return describeEncoder(model, state.schema);
  const { imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim, normEpsilon } = maeConfigFor(
    model,
    state.schema.length,
  );
  const shape = { imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim };
  return describeVit({ ...shape, normEpsilon: normEpsilon ?? 1e-6, pool: "mean" });
}

/**
 * A model as a run trains it, with the encoder of the run that it starts from or, where a checkpoint will bring the weights
 * anyway, without. What isn't trained is frozen.
 *
 * @throws {MismatchError} if the encoder has another shape than the settings say.
 * @throws {RangeError} if there are fewer blocks than are to be trained, or a target is no linear layer.
 */
export async function makeTunedModel(
  { seed, model, tune, dropPathRate }: FinetuneConfig,
  schema: ChannelSchema,
  heads: readonly HeadConfig[],
  from?: PretrainedRun,
): Promise<TunedModel> {
  const options = { schema, heads, dropPathRate, seed };
  const tuned = deferInitialization(() => makeModelWithHeads(model, options));
  if (from) {
    const weights = await openCheckpointWeights(from.checkpoint);
    const source = withLastNorm(withoutHead(weights), tuned.module);
    await loadMaeEncoder(tuned.module, source).finally(() => weights.close());
  }
  freeze(tuned.module, tune, seed);
  return tuned;
}

/** Weights whose last norm is the one behind the mean of the tokens, for a model that norms the tokens. */
function withLastNorm(source: StateReader, model: TunedModule): StateReader {
  if (model.norm === undefined || source.tensors.has("norm.weight")) return source;
  const rename = (name: string): string => name.replace(/^fc_norm\./, "norm.");
  const stored = new Map(Array.from(source.tensors.keys(), (name) => [rename(name), name]));
  return {
    tensors: new Map(Array.from(source.tensors, ([name, tensor]) => [rename(name), tensor])),
    read: (name) => source.read(stored.get(name) ?? name),
  };
}

function freeze(model: TunedModule, { method, lastBlocks, lora }: FinetuneConfig["tune"], seed: number): void {
  if (method === "full") return;
  if (method === "lora") {
    const { rank: loraRank, alpha: loraAlpha, dropout: loraDropout, targets, rsLora, dora } = lora;
    const options = { loraRank, loraAlpha, loraDropout, targets, rsLora, dora };
    const heads = model.namedModules().flatMap(([path]) => (/^(head|heads\.\d+)$/.test(path) ? [path] : []));
    addLora(model, { ...options, modulesToSave: heads, seed });
    return;
  }
  const { depth } = model.config;
  if (method === "last-blocks" && lastBlocks > depth)
    throw new RangeError(`tune.lastBlocks: expected at most the model's ${depth} blocks, got ${lastBlocks}.`);
  const first = method === "linear" ? depth : depth - lastBlocks;
  for (const [path, parameter] of model.namedParameters()) {
    const block = Number(/^blocks\.(\d+)\./.exec(path)?.[1] ?? -1);
    const isNorm = method === "last-blocks" && /^(norm|fc_norm)\./.test(path);
    parameter.setTrainable(/^heads?\./.test(path) || isNorm || block >= first);
  }
}
