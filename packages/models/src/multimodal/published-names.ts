import { siglipVision } from "../weights/families.js";
import type { WeightFamily, WeightRule } from "../weights/weight-rule.js";

const same = (name: string): WeightRule => ({ theirs: name, ours: name });

const latentAttention = "{q_proj,q_a_proj,q_a_layernorm,q_b_proj,kv_a_proj_with_mqa,kv_a_layernorm,kv_b_proj,o_proj}";

/** The names of MiniCPM3 and of Llama, but for attention the same, are ours. */
const languageModel = (prefix: string, attention: string): readonly WeightRule[] => [
  same(`${prefix}model.embed_tokens.weight`),
  same(`${prefix}model.layers.*.self_attn.${attention}.weight`),
  same(`${prefix}model.layers.*.mlp.{gate_proj,up_proj,down_proj}.weight`),
  same(`${prefix}model.layers.*.{input_layernorm,post_attention_layernorm}.weight`),
  same(`${prefix}model.norm.weight`),
  same(`${prefix}lm_head.weight`),
];

const visionTower = (siglipVision.variants[1] as readonly WeightRule[]).map((rule): WeightRule => {
  const below = (side: WeightRule["theirs"]): WeightRule["theirs"] =>
    typeof side === "string" ? `vpm.${side}` : side.map((name) => `vpm.${name}`);
  return { ...rule, theirs: below(rule.theirs), ours: below(rule.ours) };
});

const resampler: readonly WeightRule[] = [
  same("resampler.{query,proj}"),
  same("resampler.kv_proj.weight"),
  same("resampler.{ln_q,ln_kv,ln_post}.{weight,bias}"),
  ...(["weight", "bias"] as const).map((kind): WeightRule => {
    return {
      theirs: `resampler.attn.in_proj_${kind}`,
      ours: ["q", "k", "v"].map((part) => `resampler.attn.${part}.${kind}`),
    };
  }),
  { theirs: "resampler.attn.out_proj.{weight,bias}", ours: "resampler.attn.proj.{weight,bias}" },
];

/**
 * Image-text models in the layout of MiniCPM-V 2.6 with MiniCPM3's language model, and that language model alone; heads of
 * transformers' sequence classification too.
 *
 * Source: names in the files of MiniCPM-V 2.6 and of FM9G4B-V; transformers, models/minicpm3/modeling_minicpm3.py.
 */
export const imageTextWeights: WeightFamily = {
  variants: [
    [...languageModel("llm.", latentAttention), ...visionTower, ...resampler, same("score.weight")],
    languageModel("", latentAttention),
  ],
  normEpsilon: 1e-6,
};

/**
 * Llama and Mistral, for `mapWeights` and a `CausalLanguageModel`.
 *
 * Source: transformers, models/llama/modeling_llama.py.
 */
export const llama: WeightFamily = {
  variants: [languageModel("", "{q_proj,k_proj,v_proj,o_proj}")],
  normEpsilon: 1e-6,
};
