import type { Module } from "@graticule/nn";
import { expect, test } from "vitest";
import { CausalLanguageModel, decoderConfig, ForConditionalGeneration, imageTextConfig } from "../../src/index.js";

/** FM9G4B-V's, as far as it decides the model; factors of its longrope stand for 16 of each. */
const published = {
  model_type: "fm9gv",
  vocab_size: 73448,
  hidden_size: 2560,
  intermediate_size: 6400,
  num_hidden_layers: 62,
  num_attention_heads: 40,
  num_key_value_heads: 40,
  q_lora_rank: 768,
  kv_lora_rank: 256,
  qk_nope_head_dim: 64,
  qk_rope_head_dim: 32,
  rms_norm_eps: 1e-5,
  max_position_embeddings: 32768,
  rope_scaling: {
    type: "longrope",
    long_factor: Array.from({ length: 16 }, () => 1),
    short_factor: Array.from({ length: 16 }, () => 1),
    original_max_position_embeddings: 32768,
  },
  scale_emb: 12,
  scale_depth: 1.4,
  dim_model_base: 256,
  hidden_act: "silu",
  tie_word_embeddings: false,
  query_num: 64,
  drop_vision_last_layer: false,
  vision_config: {
    hidden_size: 1152,
    image_size: 980,
    intermediate_size: 4304,
    model_type: "siglip",
    num_attention_heads: 16,
    num_hidden_layers: 27,
    patch_size: 14,
  },
};

const count = (module: Module): number => module.namedParameters().reduce((sum, [, { size }]) => sum + size, 0);

test("the 4B model is built without storage, with the published numbers of parameters", () => {
  const model = new ForConditionalGeneration(imageTextConfig(published));
  const { embedTokens } = model.llm.model;
  expect(count(embedTokens)).toBe(73448 * 2560);
  expect(count(model.llm.model) / 1e9).toBeCloseTo(4.07, 2);
  expect(count(model.llm)).toBe(count(model.llm.model) + count(embedTokens)); // untied
  expect(count(model.vpm) / 1e9).toBeCloseTo(0.418, 3);
  expect(count(model.resampler) / 1e9).toBeCloseTo(0.036, 3);
  const tied = new ForConditionalGeneration(imageTextConfig({ ...published, tie_word_embeddings: true }));
  expect(count(model) - count(tied)).toBe(count(embedTokens));
});

test("what no model here has is refused by name", () => {
  const change = (changes: object) => () => decoderConfig({ ...published, ...changes });
  expect(change({ hidden_act: "gelu" })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected a config.json of a model that is built here, got hidden_act: Invalid input: expected "silu".]`,
  );
  expect(change({ rope_scaling: { type: "yarn", factor: 4 } })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected a config.json of a model that is built here, got rope_scaling.rope_type: 'yarn', of default, linear, llama3 and longrope.]`,
  );
  expect(change({ attention_bias: true, kv_lora_rank: undefined })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected a config.json of a model that is built here, got attention_bias: Invalid input: expected false; kv_lora_rank: Invalid input: expected number, received undefined.]`,
  );
  expect(change({ num_key_value_heads: 8 })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected num_key_value_heads 40, as latents are all heads' own, got 8.]`,
  );
});

/** Llama 3.2 1B's, as far as it decides the model. */
const llama32 = {
  model_type: "llama",
  vocab_size: 128256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  hidden_act: "silu",
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  rope_theta: 500000,
  rope_scaling: {
    rope_type: "llama3",
    factor: 32,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  },
  tie_word_embeddings: true,
};

test("a Llama's config.json gives grouped queries, with all scales 1", () => {
  const config = decoderConfig(llama32);
  expect(config).toMatchObject({ attention: "grouped-query", numKeyValueHeads: 8, headDim: 64, ropeTheta: 500000 });
  expect(config).toMatchObject({ embeddingScale: 1, depthScale: 4, logitBaseDim: 2048, tieEmbeddings: true });
  const { shortFactors, longFactors, growth } = config.longRope!;
  expect([shortFactors[0], shortFactors[31], growth]).toEqual([1, 32, 1]);
  expect(longFactors).toEqual(shortFactors);
  expect(count(new CausalLanguageModel(config)) / 1e9).toBeCloseTo(1.236, 3);
  const { num_key_value_heads, head_dim, rope_scaling, tie_word_embeddings, ...bare } = llama32;
  const oldest = decoderConfig(bare); // Llama 1's keys
  expect(oldest).toMatchObject({ numKeyValueHeads: 32, headDim: 64, longRope: undefined, tieEmbeddings: false });
});

test("what no Llama or Mistral here has is refused by name", () => {
  const change = (changes: object) => () => decoderConfig({ ...llama32, ...changes });
  expect(
    change({ attention_bias: true, rope_scaling: { type: "dynamic", factor: 2 } }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected a config.json of a model that is built here, got attention_bias: Invalid input: expected false; rope_scaling.rope_type: 'dynamic', of default, linear, llama3 and longrope.]`,
  );
  const mistral = { model_type: "mistral", rope_scaling: null, max_position_embeddings: 32768 };
  expect(change({ ...mistral, sliding_window: 4096 })).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: decoderConfig: expected sliding_window null, or at least 32768 tokens as the context, got 4096. Lower max_position_embeddings to the window to use the model for texts that short.]`,
  );
  expect(change(mistral)).toThrow("sliding_window null"); // its default is a window of 4096
  expect(change({ ...mistral, sliding_window: null })()).toMatchObject({ numKeyValueHeads: 8, longRope: undefined });
  expect(change({ num_key_value_heads: 5 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: decoderConfig: expected numKeyValueHeads to divide numHeads 32, got 5. Choose a divisor.]`,
  );
});
