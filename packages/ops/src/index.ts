/**
 * The hot operations of transformers and their losses: fused kernels where the backend has them, composed from plain
 * tfjs ops elsewhere, with the same numbers and gradients.
 *
 * ```ts
 * import { layerNorm, linear, selfAttention } from "@graticule/ops";
 * const qkv = linear(layerNorm(tokens, gamma, beta, 1e-6), qkvWeight, qkvBias); // [B, N, 3D]
 * const mixed = selfAttention(qkv, numHeads); // [B, N, D]
 * ```
 */
export { type AdamWHyper, adamW } from "./adam-w.js";
export { type AttentionOptions, attention } from "./attention.js";
export {
  type ChannelAttentionOptions,
  type ChannelAttentionParameters,
  channelAttention,
} from "./channel-attention.js";
export { channelTokens } from "./channel-tokens.js";
export { type FairCrpsOptions, fairCrps } from "./fair-crps.js";
export { type FocalLossOptions, focalLoss } from "./focal-loss.js";
export { type GatherPatchesOptions, gatherPatches } from "./gather-patches.js";
export { gatherTokens } from "./gather-tokens.js";
export { type GeluOptions, gelu } from "./gelu.js";
export {
  type LatitudeWeightedErrorOptions,
  latitudeWeightedMeanSquaredError,
  latitudeWeights,
} from "./latitude-weighted-mean-squared-error.js";
export { layerNorm } from "./layer-norm.js";
export { type LinearOptions, type LowRankUpdate, linear } from "./linear.js";
export { maskedMeanSquaredError, normalizePatches } from "./masked-mean-squared-error.js";
export { type MaskedPatchErrorOptions, maskedPatchError } from "./masked-patch-error.js";
export {
  type ChannelMixParameters,
  type MixChannelPatchesOptions,
  mixChannelPatches,
} from "./mix-channel-patches.js";
export { type NormLinearParameters, normLinear } from "./norm-linear.js";
export { type PatchOrder, patchify, type UnpatchifyOptions, unpatchify } from "./patchify.js";
export { pickChannels } from "./pick-channels.js";
export type { PixelNormalization } from "./pixel-normalization.js";
export { type QueryAttentionParameters, queryAttention } from "./query-attention.js";
export { averageToGrid, resizeBilinear } from "./resample-grid.js";
export { rmsNorm } from "./rms-norm.js";
export { selfAttention } from "./self-attention.js";
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from "./softmax-cross-entropy.js";
export { sumOfSquares } from "./sum-of-squares.js";
