import type { WeightFamily, WeightRule } from "./weight-rule.js";

const same = (name: string): WeightRule => ({ theirs: name, ours: name });

/** A block in timm's names, below a list of blocks. */
const timmBlock = (blocks: string): WeightRule =>
  same(`${blocks}.*.{norm1,attn.qkv,attn.proj,norm2,mlp.fc1,mlp.fc2}.{weight,bias}`);

const timmEncoder: readonly WeightRule[] = [
  same("{cls_token,pos_embed}"),
  same("patch_embed.proj.{weight,bias}"),
  timmBlock("blocks"),
  same("norm.{weight,bias}"),
];

const maeDecoder: readonly WeightRule[] = [
  same("{mask_token,decoder_pos_embed}"),
  same("{decoder_embed,decoder_norm,decoder_pred}.{weight,bias}"),
  timmBlock("decoder_blocks"),
];

/**
 * Vision transformers of timm (`VisionTransformer` with a class token, without LayerScale, register tokens or norms of
 * queries and keys), MAE's fine-tuned ones, and their heads.
 *
 * Source: timm/models/vision_transformer.py.
 */
export const timmVit: WeightFamily = {
  variants: [[...timmEncoder, same("{fc_norm,head}.{weight,bias}")]],
  normEpsilon: 1e-6,
};

/** Masked autoencoders of facebookresearch/mae, with or without their decoder. Source: its models_mae.py. */
export const facebookMae: WeightFamily = { variants: [[...timmEncoder, ...maeDecoder]], normEpsilon: 1e-6 };

/**
 * SatMAE for images of many bands, fine-tuned, with `norm` or `fc_norm` and its head, or the encoder as it was pretrained. Its
 * decoder has no counterpart: skip `decoder_**` and `mask_token`. SatMAE for three colors has the names of `facebookMae` and
 * `timmVit`.
 *
 * Source: sustainlab-group/SatMAE, models_vit_group_channels.py and models_mae_group_channels.py.
 */
export const satMae: WeightFamily = {
  variants: [
    [
      ...timmEncoder.filter(({ ours }) => !ours.includes("patch_embed")),
      { theirs: "patch_embed.*.proj.{weight,bias}", ours: "patch_embed.groups.*.proj.{weight,bias}" },
      { theirs: "{channel_embed,channel_cls_embed}", ours: "patch_embed.{channel_embed,channel_cls_embed}" },
      same("{fc_norm,head}.{weight,bias}"),
    ],
  ],
  normEpsilon: 1e-6,
  channelGroups: [
    [0, 1, 2, 6],
    [3, 4, 5, 7],
    [8, 9],
  ],
};

/** The layers of a Hugging Face ViT, whose queries, keys and values are layers of their own. */
function huggingFaceLayers(theirs: string, ours: string): readonly WeightRule[] {
  const attention = (part: string) => `${theirs}.*.attention.attention.${part}.{weight,bias}`;
  const layer = (from: string, to: string): WeightRule => ({
    theirs: `${theirs}.*.${from}.{weight,bias}`,
    ours: `${ours}.*.${to}.{weight,bias}`,
  });
  return [
    { theirs: ["query", "key", "value"].map(attention), ours: `${ours}.*.attn.qkv.{weight,bias}` },
    layer("attention.output.dense", "attn.proj"),
    layer("layernorm_before", "norm1"),
    layer("layernorm_after", "norm2"),
    layer("intermediate.dense", "mlp.fc1"),
    layer("output.dense", "mlp.fc2"),
  ];
}

function huggingFaceEncoder(prefix: string): readonly WeightRule[] {
  return [
    { theirs: `${prefix}embeddings.cls_token`, ours: "cls_token" },
    { theirs: `${prefix}embeddings.position_embeddings`, ours: "pos_embed" },
    {
      theirs: `${prefix}embeddings.patch_embeddings.projection.{weight,bias}`,
      ours: "patch_embed.proj.{weight,bias}",
    },
    ...huggingFaceLayers(`${prefix}encoder.layer`, "blocks"),
    { theirs: `${prefix}layernorm.{weight,bias}`, ours: "norm.{weight,bias}" },
  ];
}

/** What transformers 5 calls the modules of its ViT, while files of weights keep the names from before. */
function huggingFaceModules(prefix: string): readonly WeightRule[] {
  const layer = (from: string, to: string): WeightRule => ({
    theirs: `${prefix}layers.*.${from}.{weight,bias}`,
    ours: `blocks.*.${to}.{weight,bias}`,
  });
  const attention = (part: string) => `${prefix}layers.*.attention.${part}_proj.{weight,bias}`;
  const others = huggingFaceEncoder(prefix).filter(({ ours }) => !`${ours}`.startsWith("blocks."));
  return [
    ...others,
    { theirs: ["q", "k", "v"].map(attention), ours: "blocks.*.attn.qkv.{weight,bias}" },
    layer("attention.o_proj", "attn.proj"),
    layer("layernorm_before", "norm1"),
    layer("layernorm_after", "norm2"),
    layer("mlp.fc1", "mlp.fc1"),
    layer("mlp.fc2", "mlp.fc2"),
  ];
}

const huggingFaceHead: WeightRule = { theirs: "classifier.{weight,bias}", ours: "head.{weight,bias}" };

/**
 * `ViTForImageClassification` and `ViTModel` of transformers, in the names of their files, and in those that transformers 5 has
 * for their modules, which adapters made with it have. Their pooler (a linear layer with tanh that published weights leave
 * untrained) has no counterpart: skip `pooler.**`.
 *
 * Source: transformers, models/vit/modeling_vit.py and the names that `save_pretrained` gives.
 */
export const huggingFaceVit: WeightFamily = {
  variants: [
    [...huggingFaceEncoder("vit."), huggingFaceHead],
    huggingFaceEncoder(""),
    [...huggingFaceModules("vit."), huggingFaceHead],
    huggingFaceModules(""),
  ],
  normEpsilon: 1e-12,
};

function huggingFaceDecoder(layers: string): readonly WeightRule[] {
  return [
    { theirs: "decoder.{mask_token,decoder_pos_embed}", ours: "{mask_token,decoder_pos_embed}" },
    {
      theirs: "decoder.{decoder_embed,decoder_norm,decoder_pred}.{weight,bias}",
      ours: "{decoder_embed,decoder_norm,decoder_pred}.{weight,bias}",
    },
    ...huggingFaceLayers(layers, "decoder_blocks"),
  ];
}

/**
 * `ViTMAEForPreTraining` and `ViTMAEModel` of transformers; the second naming is what transformers 5 saves.
 *
 * Source: transformers, models/vit_mae/modeling_vit_mae.py and the names that `save_pretrained` gives.
 */
export const huggingFaceVitMae: WeightFamily = {
  variants: [
    [...huggingFaceEncoder("vit."), ...huggingFaceDecoder("decoder.decoder_layers")],
    [...huggingFaceEncoder("vit."), ...huggingFaceDecoder("decoder.decoder_encoder.layer")],
    huggingFaceEncoder(""),
  ],
  normEpsilon: 1e-12,
};

function siglip(prefix: string): readonly WeightRule[] {
  const layer = (from: string, to: string): WeightRule => ({
    theirs: `${prefix}encoder.layers.*.${from}.{weight,bias}`,
    ours: `blocks.*.${to}.{weight,bias}`,
  });
  const attention = (part: string) => `${prefix}encoder.layers.*.self_attn.${part}_proj.{weight,bias}`;
  return [
    { theirs: `${prefix}embeddings.patch_embedding.{weight,bias}`, ours: "patch_embed.proj.{weight,bias}" },
    { theirs: `${prefix}embeddings.position_embedding.weight`, ours: "pos_embed", oursUnit: 0 },
    { theirs: ["q", "k", "v"].map(attention), ours: "blocks.*.attn.qkv.{weight,bias}" },
    layer("self_attn.out_proj", "attn.proj"),
    layer("layer_norm1", "norm1"),
    layer("layer_norm2", "norm2"),
    layer("mlp.fc1", "mlp.fc1"),
    layer("mlp.fc2", "mlp.fc2"),
    { theirs: `${prefix}post_layernorm.{weight,bias}`, ours: "norm.{weight,bias}" },
  ];
}

/**
 * The encoder of SigLIP's vision tower, a `Vit` without a class token, or by `mapWeights` a `VisionTower`. Its attention pooling
 * (`vision_model.head.**`) and the text tower have no counterpart: skip them.
 *
 * Source: transformers, models/siglip/modeling_siglip.py.
 */
export const siglipVision: WeightFamily = {
  variants: [siglip("vision_model."), siglip("")],
  normEpsilon: 1e-6,
  activation: "gelu-tanh",
  classToken: false,
};

function prithvi(encoder: string, decoder: string): readonly WeightRule[] {
  const within = (prefix: string, { theirs, ours, ...rest }: WeightRule): WeightRule => ({
    ...{ theirs: `${prefix}${theirs}`, ours },
    ...rest,
  });
  return [
    { theirs: `${encoder}patch_embed.proj.weight`, ours: "patch_embed.proj.weight", theirsUnit: 2 },
    { theirs: `${encoder}patch_embed.proj.bias`, ours: "patch_embed.proj.bias" },
    ...timmEncoder.filter(({ ours }) => !ours.includes("patch_embed")).map((rule) => within(encoder, rule)),
    ...maeDecoder.map((rule) => within(decoder, rule)),
  ];
}

/**
 * Prithvi-EO for one date: its patch projection of one frame `[D, C, 1, P, P]`, and the positions of the first frame, which
 * are those of a model of one frame. Embeddings of time and place (`*_embed_enc.scale`) have no counterpart.
 *
 * Source: IBM/terratorch, models/backbones/prithvi_mae.py; the unprefixed names are those of NASA-IMPACT/hls-foundation-os.
 */
export const prithviVit: WeightFamily = {
  variants: [prithvi("encoder.", "decoder."), prithvi("", "")],
  normEpsilon: 1e-5,
  hasFrames: true,
};

/** Hidden layers of ClimaX's head; between them stand GELUs, which count in `nn.Sequential`. */
const climaxHead = Array.from({ length: 8 }, (_, index): WeightRule => {
  return { theirs: `head.${2 * index}.{weight,bias}`, ours: `head.${index}.{weight,bias}` };
});

const climaxRules: readonly WeightRule[] = [
  { theirs: "token_embeds.#.proj.weight", ours: "channels.tokens.weight", dim: 1 },
  { theirs: "token_embeds.#.proj.bias", ours: "channels.tokens.bias", oursUnit: 0 },
  { theirs: "var_embed", ours: "channels.tokens.channel_embed", theirsUnit: 0 },
  { theirs: "var_query", ours: "channels.attn.query" },
  ...(["weight", "bias"] as const).map((kind): WeightRule => {
    const parts = ["q", "k", "v"].map((part) => `channels.attn.${part}.${kind}`);
    return { theirs: `var_agg.in_proj_${kind}`, ours: parts };
  }),
  { theirs: "var_agg.out_proj.{weight,bias}", ours: "channels.attn.proj.{weight,bias}" },
  same("pos_embed"),
  same("{lead_time_embed,norm}.{weight,bias}"),
  timmBlock("blocks"),
  ...climaxHead,
];

const climaxBelow = (prefix: string, word: string): readonly WeightRule[] =>
  climaxRules.map((rule) => ({ ...rule, theirs: `${prefix}${(rule.theirs as string).replace("var_", `${word}_`)}` }));

/**
 * ClimaX, for a `ChannelVit` or `Forecaster` with a flat cross-attention. Lightning's checkpoints prefix `net.`, and the
 * first ones say channel where later ones say var. Joint patch projections (`token_embeds.proj_weights`) have no counterpart.
 *
 * Source: microsoft/ClimaX, src/climax/arch.py and src/climax/global_forecast/module.py.
 */
export const climax: WeightFamily = {
  variants: [climaxRules, climaxBelow("net.", "var"), climaxBelow("net.", "channel")],
  normEpsilon: 1e-5,
};
