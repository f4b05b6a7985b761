/**
 * The named variants. `base`, `huge` and the billion-scale ones are Table I of Tsaris et al. 2024; `large` is Table 1 of
 * Dosovitskiy et al. 2021; `tiny` and `small` are Table 1 of Touvron et al. 2021 (DeiT).
 *
 * The `5B` row is the paper's and does not add up: these widths give 3.8 · 10⁹ parameters, not the 5.35 · 10⁹ printed.
 * The shape is that of ViT-e.
 *
 * Source: arXiv:2404.11706, arXiv:2010.11929, arXiv:2012.12877.
 */
export const vitPresets = {
  tiny: { embedDim: 192, depth: 12, numHeads: 3, mlpDim: 768, patchSize: 16 },
  small: { embedDim: 384, depth: 12, numHeads: 6, mlpDim: 1536, patchSize: 16 },
  base: { embedDim: 768, depth: 12, numHeads: 12, mlpDim: 3072, patchSize: 16 },
  large: { embedDim: 1024, depth: 24, numHeads: 16, mlpDim: 4096, patchSize: 16 },
  huge: { embedDim: 1280, depth: 32, numHeads: 16, mlpDim: 5120, patchSize: 14 },
  "1B": { embedDim: 1536, depth: 32, numHeads: 16, mlpDim: 6144, patchSize: 14 },
  "3B": { embedDim: 2816, depth: 32, numHeads: 32, mlpDim: 11264, patchSize: 14 },
  "5B": { embedDim: 1792, depth: 56, numHeads: 16, mlpDim: 15360, patchSize: 14 },
  "15B": { embedDim: 5040, depth: 48, numHeads: 48, mlpDim: 20160, patchSize: 14 },
} as const;

export type VitPreset = keyof typeof vitPresets;
