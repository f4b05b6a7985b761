/**
 * Adapters for any module of `@graticule/nn`: a frozen model and a few parameters that are trained in its stead.
 *
 * ```ts
 * import { addLora, mergeAndUnload, trainableParameters } from "@graticule/adapters";
 * addLora(model, {
 *   loraRank: 8, loraAlpha: 16, targets: ["blocks.*.attn.{qkv,proj}"], modulesToSave: ["head"], seed: 0,
 * });
 * trainableParameters(model).share; // 0.004
 * // … train as ever: what is frozen gets no gradient and no optimizer state …
 * mergeAndUnload(model); // a plain model again
 * ```
 */
export type { AdapterKind } from "./adapter.js";
export { addParameterTuning, type ParameterTuningOptions } from "./add-parameter-tuning.js";
export { addWeightedAdapter, type WeightedAdapterOptions } from "./add-weighted-adapter.js";
export { addBottleneck, type BottleneckOptions } from "./bottleneck/add-bottleneck.js";
export { type AdapterFiles, type EncodeAdapterOptions, encodeAdapter } from "./files/encode-adapter.js";
export { type LoadAdapterOptions, loadAdapter } from "./files/load-adapter.js";
export type { PublishedParameter, PublishedParameters } from "./files/published-parameters.js";
export { addIa3, type Ia3Options } from "./ia3/add-ia3.js";
export { addLora } from "./lora/add-lora.js";
export type { LoraOptions } from "./lora/lora-options.js";
export { mergeAdapters, mergeAndUnload, unloadAdapters, unmergeAdapters } from "./merge-adapters.js";
export type { OwnedOptions } from "./owned-parameters.js";
export type { TargetOptions } from "./select-layers.js";
export {
  activateAdapters,
  disableAdapters,
  enableAdapters,
  removeAdapter,
  setAdapterDropout,
} from "./switch-adapters.js";
export { addPrefixTuning, type PrefixTuningOptions } from "./tokens/add-prefix-tuning.js";
export { addPromptTuning, type PromptTuningOptions } from "./tokens/add-prompt-tuning.js";
export {
  formatTrainableParameters,
  type TrainableParameters,
  trainableParameters,
} from "./trainable-parameters.js";
