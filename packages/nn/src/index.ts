/**
 * Modules, layers and their files on TensorFlow.js, with the tensor names of timm and MAE.
 *
 * ```ts
 * import { initialize, TransformerBlock, truncNormal, ones, zeros } from "@graticule/nn";
 * const block = initialize(
 *   new TransformerBlock({ embedDim: 192, numHeads: 3, mlpDim: 768 }),
 *   [["**.bias", zeros], ["norm*.weight", ones], ["**.weight", truncNormal(0.02)]],
 *   42,
 * );
 * const y = block.forward(x); // [B, N, 192]
 * block.stateDict().get("attn.qkv.weight"); // [576, 192]
 * ```
 */
export { applyRecompute } from "./apply-recompute.js";
export type { AttentionAdapter } from "./attention-adapter.js";
export { Conv2d } from "./conv2d.js";
export { deferInitialization } from "./defer-initialization.js";
export { checkDropRates, type DropoutStreams, type DropRates, dropout } from "./dropout.js";
export { Embedding } from "./embedding.js";
export { gatherRows } from "./gather-rows.js";
export { type InitRules, initialize } from "./initialize.js";
export {
  constantValues,
  type Initializer,
  normal,
  ones,
  truncNormal,
  xavierUniform,
  zeros,
} from "./initializers.js";
export { LayerNorm } from "./layer-norm.js";
export { Linear } from "./linear.js";
export type { LinearAdapter, LinearWeights } from "./linear-adapter.js";
export { compareState, type LoadOptions, type LoadReport, type StateReader, type StateSource } from "./load-state.js";
export { type GeluForm, Mlp } from "./mlp.js";
export { Module } from "./module.js";
export { Parameter } from "./parameter.js";
export type { ParameterSlice } from "./parameter-slice.js";
export { PatchEmbed, type PatchEmbedOptions } from "./patch-embed.js";
export { openPyTorchState, type PyTorchOptions } from "./pytorch/read-checkpoint.js";
export { RmsNorm } from "./rms-norm.js";
export { bytesPerValue, encodeFloats, type SafetensorsDtype, type TensorValues } from "./safetensors/dtype.js";
export {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
} from "./safetensors/half-precision.js";
export {
  encodeSafetensorsHeader,
  parseSafetensorsHeader,
  type SafetensorsEntry,
  type SafetensorsHeader,
} from "./safetensors/header.js";
export {
  type ByteSource,
  bytesSource,
  openSafetensorsState,
  readSafetensor,
  readSafetensorsHeader,
  type StoredValues,
  type TensorFile,
} from "./safetensors/read.js";
export { openShardedSafetensors, type ShardedSafetensors } from "./safetensors/sharded.js";
export { SelfAttention } from "./self-attention.js";
export { sinCosPositionEmbedding2d } from "./sin-cos-position-embedding.js";
export { sinCosPositionEmbedding1d } from "./sin-cos-position-embedding-1d.js";
export { TransformerBlock, type TransformerBlockOptions } from "./transformer-block.js";
