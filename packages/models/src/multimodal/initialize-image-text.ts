import { type InitRules, initialize, normal, ones, xavierUniform, zeros } from "@graticule/nn";
import type { ImageTextModel } from "./image-text-model.js";

/** Of learned positions, queries and the layer that scores tokens or classes, as transformers draws them. */
const STD = 0.02;

/**
 * First values of an image-text model that is trained from nothing: scaled embeddings and an image's tokens start with
 * variance 1, matrices Xavier uniform, biases 0, norms 1.
 */
export function initializeImageText<M extends ImageTextModel>(model: M, seed: number): M {
  const { decoder } = model.config;
  const embeddings = normal(1 / decoder.embeddingScale);
  const rules: InitRules = [
    ["llm.model.embed_tokens.weight", embeddings],
    ["{vpm.pos_embed,resampler.query}", normal(STD)],
    ["resampler.proj", normal(1 / Math.sqrt(decoder.embedDim))],
    ["**.bias", zeros],
    ["**.{norm*,*_layernorm,ln_*}.weight", ones],
    ...("score" in model ? ([["score.weight", normal(STD)]] as const) : []),
    ["**.weight", xavierUniform],
  ];
  return initialize(model, rules, seed);
}
