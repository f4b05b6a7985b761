import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@graticule/core";
import { openDataset } from "@graticule/data";
import {
  ForConditionalGeneration,
  imageTextConfig,
  imageTextWeights,
  initializeImageText,
  unmapWeights,
} from "@graticule/models";
import { openBackend, writeWeights } from "@graticule/train";
import { z } from "zod";
import { backendConfig } from "../backend-config.js";
import { dataConfig } from "../data-config.js";
import { datasetSpec } from "../open-dataset.js";
import { defaultQuestions } from "./image-text-config.js";
import { openModelFolder, SETTINGS_FILES } from "./model-folder.js";
import { publishedEntries } from "./save-image-text.js";
import { smallTokenizer } from "./small-tokenizer.js";

const count = z.int().min(1);

/** Everything that decides a small model to be trained from nothing. Its vision width is a multiple of 72: a resampler has a head for each. */
export const newModelConfig = z.strictObject({
  /** Decides the first values. */
  seed: z.int().min(0).default(0),
  /** Whose class names the model will have words for. */
  data: dataConfig,
  /** Questions that it will have words for. */
  questions: z
    .array(z.string().min(1))
    .min(1)
    .default([...defaultQuestions]),
  /** Pixels along a side of the square image that learned positions divide, and of a patch. */
  imageSide: count.default(64),
  patchSize: count.default(8),
  /** Tokens that an image becomes. */
  numQueries: count.default(16),
  vision: z
    .strictObject({
      embedDim: count.default(144),
      depth: count.default(4),
      numHeads: count.default(4),
      mlpDim: count.default(288),
    })
    .prefault({}),
  decoder: z
    .strictObject({
      embedDim: count.default(128),
      depth: count.default(2),
      numHeads: count.default(4),
      mlpDim: count.default(256),
    })
    .prefault({}),
});

export type NewModelConfig = z.infer<typeof newModelConfig>;

/**
 * Writes a small image-text model with random weights in the layout of a published one: what the whole path is tried with
 * where there is no published model. Returns the number of its parameters.
 *
 * @throws {ConfigError} if the data have no classes, or the sizes don't fit.
 */
export async function writeNewModel(folder: string, config: NewModelConfig): Promise<number> {
  await openBackend(backendConfig.parse({}));
  const { classNames = [], close } = await openDataset(datasetSpec(config.data, "train"));
  await close?.();
  if (classNames.length === 0)
    throw new ConfigError("image-text new: expected images in class folders, got none. Lay them out as root/class/*.");
  const { tokenizer, config: tokenizerConfig, vocabSize } = smallTokenizer(config.questions, classNames);
  const contents = [publishedConfig(config, vocabSize), tokenizer, tokenizerConfig];
  const model = initializeImageText(new ForConditionalGeneration(imageTextConfig(contents[0])), config.seed);
  await mkdir(folder, { recursive: true });
  for (const [index, name] of SETTINGS_FILES.entries())
    await writeFile(join(folder, name), `${JSON.stringify(contents[index], undefined, 2)}\n`);
  const state = model.stateDict();
  const tensors = new Map(Array.from(state, ([name, { shape }]) => [name, { shape, dtype: "F32" as const }]));
  const read = async (name: string): Promise<Float32Array> => Float32Array.from(await state.get(name)!.data());
  await writeWeights(
    join(folder, "model.safetensors"),
    publishedEntries(unmapWeights({ tensors, read }, imageTextWeights)),
  );
  const parameters = model.namedParameters().reduce((sum, [, { size }]) => sum + size, 0);
  model.dispose();
  await openModelFolder(folder);
  return parameters;
}

/** The `config.json`, with FM9G4B-V's keys and scales. */
function publishedConfig(
  { imageSide, patchSize, numQueries, vision, decoder }: NewModelConfig,
  vocabSize: number,
): object {
  const headDim = decoder.embedDim / decoder.numHeads;
  return {
    model_type: "fm9gv",
    vocab_size: vocabSize,
    hidden_size: decoder.embedDim,
    intermediate_size: decoder.mlpDim,
    num_hidden_layers: decoder.depth,
    num_attention_heads: decoder.numHeads,
    q_lora_rank: Math.ceil((0.3 * decoder.embedDim) / 8) * 8,
    kv_lora_rank: Math.ceil((0.25 * decoder.embedDim) / 8) * 8,
    qk_nope_head_dim: headDim,
    qk_rope_head_dim: Math.ceil(headDim / 4) * 2,
    v_head_dim: headDim,
    rms_norm_eps: 1e-5,
    max_position_embeddings: 4096,
    ...{ scale_emb: 12, scale_depth: 1.4, dim_model_base: decoder.embedDim },
    hidden_act: "silu",
    tie_word_embeddings: false,
    query_num: numQueries,
    vision_config: {
      model_type: "siglip",
      hidden_size: vision.embedDim,
      intermediate_size: vision.mlpDim,
      num_hidden_layers: vision.depth,
      num_attention_heads: vision.numHeads,
      image_size: imageSide,
      patch_size: patchSize,
    },
  };
}
