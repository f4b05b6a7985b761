/**
 * Vision transformers and masked autoencoders for images of any number of channels.
 *
 * ```ts
 * import { maeConfig, maeLoss, makeMae, makeMaeMask, numPatches } from "@graticule/models";
 * const config = maeConfig("tiny", { imageSize: [64, 96], inChannels: 6, patchSize: 8 });
 * const model = makeMae(config, { seed: 42 });
 * const mask = makeMaeMask({ seed: 42, epoch: 0, indices: [3, 7], numTokens: numPatches(config), maskRatio: 0.75 });
 * const loss = maeLoss(model, images, mask, { normPix: true }); // images [2, 6, 64, 96]
 * ```
 */

export { ChannelEncoder, type EncodeOptions } from "./channel-vit/channel-encoder.js";
export type { ChannelMask } from "./channel-vit/channel-mask.js";
export {
  type ChannelBranch,
  type ChannelLeaf,
  type ChannelTree,
  type ChannelTreeOptions,
  channelsOf,
  channelTree,
  type Reducer,
  type TreeShape,
} from "./channel-vit/channel-tree.js";
export { ChannelVit, makeChannelVit } from "./channel-vit/channel-vit.js";
export {
  type ChannelCondition,
  type ChannelEncoderConfig,
  type ChannelVitConfig,
  type ChannelVitOverrides,
  channelVitConfig,
} from "./channel-vit/config.js";
export { channelEncoderInitRules } from "./channel-vit/init-rules.js";
export { type ChannelVitPreset, channelVitPresets } from "./channel-vit/presets.js";
export { Classifier, type ClassifierConfig, makeClassifier } from "./classifier/classifier.js";
export { countParameters } from "./count-parameters.js";
export {
  type AnomalyBase,
  AnomalyForecaster,
  type AnomalyForecasterConfig,
  type AnomalyForwardOptions,
} from "./forecaster/anomaly-forecaster.js";
export { type ForecasterConfig, type ForecasterOverrides, forecasterConfig } from "./forecaster/config.js";
export { type EnsembleInputs, type EnsembleOptions, ensembleInputs, ensembleLoss } from "./forecaster/ensemble.js";
export { type ForecastWeights, forecastLoss, rolloutLoss } from "./forecaster/forecast-loss.js";
export { Forecaster, forecasterInitRules, makeForecaster } from "./forecaster/forecaster.js";
export { makeAnomalyForecaster } from "./forecaster/make-anomaly-forecaster.js";
export { type RolloutOptions, rollout, rolloutSteps } from "./forecaster/rollout.js";
export {
  ChannelVitWithHeads,
  type ChannelVitWithHeadsConfig,
  makeChannelVitWithHeads,
} from "./heads/channel-vit-with-heads.js";
export type { HeadConfig } from "./heads/head-config.js";
export { makeVitWithHeads, VitWithHeads, type VitWithHeadsConfig } from "./heads/vit-with-heads.js";
export {
  type HyperspectralMaeConfig,
  type HyperspectralMaeOverrides,
  hyperspectralMaeConfig,
} from "./hyperspectral-mae/config.js";
export {
  HyperspectralMae,
  hyperspectralMaeInitRules,
  makeHyperspectralMae,
} from "./hyperspectral-mae/hyperspectral-mae.js";
export { hyperspectralMaeLoss } from "./hyperspectral-mae/hyperspectral-mae-loss.js";
export { makeSpectralMask, type SpectralMask, type SpectralMaskOptions } from "./hyperspectral-mae/spectral-mask.js";
export { type MultiLabelLossOptions, multiLabelLoss } from "./losses/multi-label-loss.js";
export { type RegressionLossKind, type RegressionLossOptions, regressionLoss } from "./losses/regression-loss.js";
export { classTargets, type SegmentationLossOptions, segmentationLoss } from "./losses/segmentation-loss.js";
export { type MaeConfig, type MaeOverrides, maeConfig } from "./mae/config.js";
export { loadMaeEncoder } from "./mae/load-mae-encoder.js";
export { Mae, maeInitRules, makeMae } from "./mae/mae.js";
export { maeLoss } from "./mae/mae-loss.js";
export { makeMaeMask, makeRandomMask, maskFromShuffles, type TokenMask } from "./mae/token-mask.js";
export { CausalLanguageModel } from "./multimodal/causal-language-model.js";
export type { Sampling } from "./multimodal/choose-token.js";
export { cutSlices } from "./multimodal/cut-slices.js";
export { type DecodeOptions, Decoder } from "./multimodal/decoder.js";
export { DecoderCache } from "./multimodal/decoder-cache.js";
export type {
  DecoderConfig,
  GroupedQueryDecoderConfig,
  LatentDecoderConfig,
  LongRope,
} from "./multimodal/decoder-config.js";
export { ForConditionalGeneration, type GenerateOptions } from "./multimodal/for-conditional-generation.js";
export {
  ForSequenceClassification,
  type SequenceClassificationConfig,
} from "./multimodal/for-sequence-classification.js";
export {
  type ImageTextFlops,
  type ImageTextWork,
  imageTextFlops,
  imageTextStepFlops,
  type TrainedShare,
} from "./multimodal/image-text-flops.js";
export {
  type ImageTextParameters,
  imageTextMemory,
  imageTextParameters,
  type TrainingMemory,
  type TrainingMemoryOptions,
} from "./multimodal/image-text-memory.js";
export {
  type ImagePlace,
  type ImageTextConfig,
  type ImageTextInputs,
  ImageTextModel,
  imagePlaces,
} from "./multimodal/image-text-model.js";
export { initializeImageText } from "./multimodal/initialize-image-text.js";
export { imageTextConfig, visionConfig } from "./multimodal/published-config.js";
export { decoderConfig } from "./multimodal/published-decoder.js";
export { imageTextWeights, llama } from "./multimodal/published-names.js";
export { Resampler, type ResamplerConfig } from "./multimodal/resampler.js";
export { defaultSlices, type SliceOptions, type SliceSizes, sliceSizes } from "./multimodal/slice-sizes.js";
export type { VisionConfig } from "./multimodal/vision-config.js";
export { type PatchGrid, visionPositions } from "./multimodal/vision-positions.js";
export { type VisionTokens, VisionTower } from "./multimodal/vision-tower.js";
export { type ChatMessage, ChatTokenizer } from "./prompts/chat-tokenizer.js";
export {
  type AnswerToken,
  type EncodedQuestions,
  encodeQuestions,
  type ImageQuestion,
} from "./prompts/encode-questions.js";
export { type ImageMarks, imageMarks } from "./prompts/image-marks.js";
export {
  type EncoderConfig,
  type EncoderOverrides,
  numPatches,
  type Pool,
  patchGrid,
  type VitConfig,
  vitConfig,
} from "./vit/config.js";
export type { ChannelGroups } from "./vit/grouped-patch-embed.js";
export { vitLayerDecay } from "./vit/layer-decay.js";
export { poolTokens } from "./vit/pool-tokens.js";
export { type VitPreset, vitPresets } from "./vit/presets.js";
export { makeVit, Vit, vitInitRules } from "./vit/vit.js";
export { adaptChannels, type ChannelAdaption } from "./weights/adapt-channels.js";
export type { ClimaxChoice, ClimaxSizes } from "./weights/climax-channels.js";
export {
  type ClimaxPlacing,
  type ClimaxWeights,
  readClimaxWeights,
  writeClimaxWeights,
} from "./weights/climax-weights.js";
export {
  climax,
  facebookMae,
  huggingFaceVit,
  huggingFaceVitMae,
  prithviVit,
  satMae,
  siglipVision,
  timmVit,
} from "./weights/families.js";
export { type ImportedWeights, type ImportOptions, importWeights } from "./weights/import-weights.js";
export { type MappedWeights, mapWeights, unmapWeights } from "./weights/map-weights.js";
export { parameterNames } from "./weights/parameter-names.js";
export { resamplePositions } from "./weights/resample-positions.js";
export type { WeightFamily, WeightRule } from "./weights/weight-rule.js";
