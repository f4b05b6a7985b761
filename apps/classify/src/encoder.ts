import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { resolveConfig } from "@graticule/config";
import { ConfigError } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import {
  loadMaeEncoder,
  makeChannelVitWithHeads,
  makeHyperspectralMae,
  makeVit,
  type Pool,
  poolTokens,
  type Vit,
} from "@graticule/models";
import type { StateReader } from "@graticule/nn";
import { type Checkpoint, type CheckpointTensors, openCheckpointWeights, weightsDigest } from "@graticule/train";
import { mean, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { z } from "zod";
import { dataConfig } from "./data-config.js";
import { encoderModelConfig } from "./encoder-model-config.js";
import { findCheckpoint } from "./find-checkpoint.js";
import { tunedTasks } from "./finetune/tuned-tasks.js";
import { channelVitConfigFor, hyperspectralConfigFor } from "./hyperspectral-model-config.js";
import { maeConfigFor } from "./mae-model-config.js";
import { vitConfigFor } from "./vit-model-config.js";

/** A frozen encoder with what it takes to feed it. */
export interface Encoder {
  /** What it is, for tables: a checkpoint's path, or `random initialization`. */
  readonly name: string;
  /** Changes with the weights; a probe refuses an encoder with another one. */
  readonly hash: string;
  readonly imageSize: readonly [height: number, width: number];
  /** Channels with the mean and std that it was trained with. */
  readonly schema: ChannelSchema;
  /** Shape: `[B, C, H, W] → [B, D]`. */
  features(images: Tensor): Tensor2D;
  dispose(): void;
}

/** The parts of a run's stored configuration that an encoder needs; the rest is the run's own affair. */
const storedRun = z.looseObject({
  seed: z.int(),
  data: dataConfig,
  model: encoderModelConfig,
  /** What the outputs of its head stand for, of a classifier that was fine-tuned. */
  classNames: z.array(z.string()).optional(),
  /** What its heads tell of an image, of a run that was fine-tuned for another task. */
  tasks: tunedTasks.optional(),
});

/** What a checkpoint says about its encoder and data. */
export interface PretrainedRun {
  readonly checkpoint: Checkpoint;
  readonly run: z.infer<typeof storedRun>;
}

/** Where the folder of a fine-tuned run keeps its best weights, adapters merged, as a run of its own. */
export const TUNED_FOLDER = "tuned";

/**
 * Finds the checkpoint of a run: the newest valid one of a run folder, or the one whose folder is given; of a run that was
 * fine-tuned the best weights.
 *
 * @throws {ConfigError} if there is none. @throws {FormatError} if its files are damaged.
 */
export async function openPretrainedRun(path: string): Promise<PretrainedRun> {
  const tuned = join(path, TUNED_FOLDER);
  const checkpoint = await findCheckpoint(existsSync(tuned) ? tuned : path);
  const run = resolveConfig({ schema: storedRun, layers: [{ name: checkpoint.path, value: checkpoint.state.config }] });
  return { checkpoint, run };
}

/** Loads the encoder of a run that was pretrained or imported. */
export async function openEncoder(run: PretrainedRun, pool: Pool): Promise<Encoder> {
  const { checkpoint } = run;
  const model = makeEncoderModel(run, 0, pool);
  const weights = await openCheckpointWeights(checkpoint);
  await model.load(weights).finally(() => weights.close());
  return makeEncoder(run, model, checkpoint.path, weightsDigest(checkpoint.state));
}

/** An encoder of the same shape that has learned nothing: what pretraining is measured against. */
export function makeRandomEncoder(run: PretrainedRun, seed: number, pool: Pool): Encoder {
  const hash = createHash("sha256")
    .update(`random ${seed} ${JSON.stringify(run.run.model)}`)
    .digest("hex");
  return makeEncoder(run, makeEncoderModel(run, seed, pool), "random initialization", hash);
}

interface EncoderModel {
  load(weights: CheckpointTensors): Promise<unknown>;
  features(images: Tensor): Tensor2D;
  dispose(): void;
}

function makeEncoderModel({ checkpoint, run: { model } }: PretrainedRun, seed: number, pool: Pool): EncoderModel {
  const { schema } = checkpoint.state;
  if (model.kind === "hyperspectral-mae" || model.kind === "channel-vit") {
    if (pool === "cls")
      throw new ConfigError(`pool: expected 'mean' for a ${model.kind}, which has no class token, got 'cls'.`);
    const encoder =
      model.kind === "channel-vit"
        ? makeChannelVitWithHeads({ ...channelVitConfigFor(model, schema), heads: [] }, { seed })
        : makeHyperspectralMae(hyperspectralConfigFor(model, schema), { seed });
    return {
      load: (weights) => encoder.loadStateDict(withoutHead(weights)),
      features: (images) => tidy(() => mean(encoder.encode(images), 1) as Tensor2D),
      dispose: () => encoder.dispose(),
    };
  }
  if (model.kind === "vit") return makeVitEncoder(makeVit(vitConfigFor(model, schema.length), { seed }), pool);
  const { imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim, ...rest } = maeConfigFor(
    model,
    schema.length,
  );
  const { normEpsilon = 1e-6 } = rest;
  const encoder = { imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim, normEpsilon };
  const vit = makeVit({ ...encoder, pool: "cls" }, { seed });
  return {
    load: (weights) => loadMaeEncoder(vit, weights),
    features: (images) => tidy(() => poolTokens(vit.forwardFeatures(images), pool)),
    dispose: () => vit.dispose(),
  };
}

/** A ViT with the pooling that it was trained for, or the mean of tokens that its last norm has seen. */
function makeVitEncoder(vit: Vit, pool: Pool): EncoderModel {
  const { pool: own } = vit.config;
  if (pool === "cls" && own === "mean")
    throw new ConfigError(
      "pool: expected 'mean' for a ViT without a class token, or with one that nothing was trained on, got 'cls'.",
    );
  return {
    load: (weights) => vit.loadStateDict(withoutHead(weights)),
    features: (images) =>
      pool === own ? vit.features(images) : tidy(() => poolTokens(vit.forwardFeatures(images), pool)),
    dispose: () => vit.dispose(),
  };
}

/** A checkpoint's tensors but for those of its heads. */
export function withoutHead(weights: CheckpointTensors): StateReader {
  const tensors = new Map([...weights.tensors].filter(([name]) => !/^heads?\./.test(name)));
  return { tensors, read: (name) => weights.read(name) };
}

function makeEncoder({ checkpoint, run }: PretrainedRun, model: EncoderModel, name: string, hash: string): Encoder {
  const { features, dispose } = model;
  return { name, hash, imageSize: run.model.imageSize, schema: checkpoint.state.schema, features, dispose };
}
