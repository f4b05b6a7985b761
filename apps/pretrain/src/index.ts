/**
 * Masked-autoencoder pretraining, as the command `graticule-pretrain` does it.
 *
 * ```ts
 * import { pretrain, pretrainConfig } from "@graticule/pretrain";
 * const config = pretrainConfig.parse({
 *   data: { kind: "image-folder", root: "images" },
 *   model: { preset: "tiny", imageSize: [64, 64], patchSize: 8 },
 * });
 * await pretrain("runs/mine", config);
 * ```
 */
export { type Comparison, compare, type Variant, type VariantLosses } from "./compare.js";
export { pretrain, readPretrainConfig } from "./pretrain.js";
export { type PretrainConfig, pretrainConfig } from "./pretrain-config.js";
export { type Reconstructions, reconstruct } from "./reconstruct.js";
