import { type ImageTextConfig, imageTextConfig } from "@graticule/models";

/** FM9G4B-V's config.json, with fewer layers where fewer are asked for; factors of its long rope are 1. */
export function fm9gConfig({ layers, blocks }: { readonly layers: number; readonly blocks: number }): ImageTextConfig {
  return imageTextConfig({
    ...{ vocab_size: 73448, hidden_size: 2560, intermediate_size: 6400, num_hidden_layers: layers },
    ...{ num_attention_heads: 40, q_lora_rank: 768, kv_lora_rank: 256, qk_nope_head_dim: 64, qk_rope_head_dim: 32 },
    ...{ rms_norm_eps: 1e-5, max_position_embeddings: 32768, scale_emb: 12, scale_depth: 1.4, dim_model_base: 256 },
    ...{ hidden_act: "silu", tie_word_embeddings: false, query_num: 64 },
    vision_config: {
      ...{ hidden_size: 1152, image_size: 980, intermediate_size: 4304, num_attention_heads: 16 },
      ...{ num_hidden_layers: blocks, patch_size: 14 },
    },
  });
}
