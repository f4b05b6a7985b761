import { createHash } from "node:crypto";
import { join } from "node:path";
import { resolveConfig } from "@graticule/config";
import type { ChannelSchema } from "@graticule/data";
import { loadMaeEncoder, type MaeConfig, makeVit, type Pool, poolTokens, type Vit } from "@graticule/models";
import { type Checkpoint, findLatestCheckpoint, MODEL_FILE, openSafetensors, verifyCheckpoint } from "@graticule/train";
import { type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { z } from "zod";
import { dataConfig } from "./data-config.js";
import { maeConfigFor, maeModelConfig } from "./mae-model-config.js";

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

/** The parts of a pretraining run's stored configuration that an encoder needs; the rest is the run's own affair. */
const storedRun = z.looseObject({ seed: z.int(), data: dataConfig, model: maeModelConfig });

/** What a pretraining checkpoint says about its encoder and data. */
export interface PretrainedRun {
  readonly checkpoint: Checkpoint;
  readonly run: z.infer<typeof storedRun>;
  readonly model: MaeConfig;
}

/**
 * Finds the checkpoint of a pretraining run: the newest valid one of a run folder, or the one whose folder is given.
 *
 * @throws {FormatError} if there is none, or its files are damaged.
 */
export async function openPretrainedRun(path: string): Promise<PretrainedRun> {
  const checkpoint = (await findLatestCheckpoint(path)) ?? (await verifyCheckpoint(path));
  const run = resolveConfig({ schema: storedRun, layers: [{ name: checkpoint.path, value: checkpoint.state.config }] });
  return { checkpoint, run, model: maeConfigFor(run.model, checkpoint.state.schema.length) };
}

/** Loads the encoder of a pretrained masked autoencoder. */
export async function openEncoder({ checkpoint, model }: PretrainedRun, pool: Pool): Promise<Encoder> {
  const vit = makeEncoderVit(model, 0);
  const file = await openSafetensors(join(checkpoint.path, MODEL_FILE));
  try {
    await loadMaeEncoder(vit, file);
  } finally {
    await file.close();
  }
  const hash = checkpoint.state.files[MODEL_FILE]?.sha256 ?? "";
  return makeEncoder(vit, checkpoint.path, hash, checkpoint.state.schema, pool);
}

/** An encoder of the same shape that has learned nothing: what pretraining is measured against. */
export function makeRandomEncoder({ checkpoint, model }: PretrainedRun, seed: number, pool: Pool): Encoder {
  const hash = createHash("sha256")
    .update(`random ${seed} ${JSON.stringify(model)}`)
    .digest("hex");
  return makeEncoder(makeEncoderVit(model, seed), "random initialization", hash, checkpoint.state.schema, pool);
}

function makeEncoderVit(model: MaeConfig, seed: number): Vit {
  const { imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim } = model;
  return makeVit({ imageSize, patchSize, inChannels, embedDim, depth, numHeads, mlpDim, pool: "cls" }, { seed });
}

function makeEncoder(vit: Vit, name: string, hash: string, schema: ChannelSchema, pool: Pool): Encoder {
  const features = (images: Tensor): Tensor2D => tidy(() => poolTokens(vit.forwardFeatures(images), pool));
  return { name, hash, imageSize: vit.config.imageSize, schema, features, dispose: () => vit.dispose() };
}
