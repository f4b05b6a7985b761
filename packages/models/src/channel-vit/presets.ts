/**
 * Sizes by name. `1.7B` to `26B` are D-CHAG's, `era5` its forecasting run on 84 channels of 5.625°, `hyperspectral` its
 * masked autoencoder of 500 bands; `climax` is ClimaX at 5.625°, whose published parameter count includes its
 * cross-attention's biases. `tiny` and `small` train on a laptop. Of D-CHAG's runs the artifact names a rate of dropout for
 * `era5` and `hyperspectral`; its blocks never skip.
 *
 * Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411, and its artifact's submission scripts; Nguyen et al. 2023
 * (ClimaX), arXiv:2301.10343.
 */
export const channelVitPresets = {
  tiny: { imageSize: [32, 64], patchSize: 4, embedDim: 64, depth: 4, numHeads: 4, mlpDim: 256 },
  small: { imageSize: [32, 64], patchSize: 4, embedDim: 192, depth: 6, numHeads: 6, mlpDim: 768 },
  era5: { imageSize: [32, 64], patchSize: 4, embedDim: 512, depth: 16, numHeads: 16, mlpDim: 2048, dropRate: 0.1 },
  hyperspectral: {
    imageSize: [192, 384],
    patchSize: 6,
    embedDim: 512,
    depth: 8,
    numHeads: 16,
    mlpDim: 2048,
    dropRate: 0.1,
  },
  climax: {
    imageSize: [32, 64],
    patchSize: 2,
    embedDim: 1024,
    depth: 8,
    numHeads: 16,
    mlpDim: 4096,
    dropRate: 0.1,
    dropPathRate: 0.1,
    normEpsilon: 1e-5,
  },
  "1.7B": { imageSize: [128, 256], patchSize: 4, embedDim: 2048, depth: 32, numHeads: 32, mlpDim: 8192 },
  "7B": { imageSize: [128, 256], patchSize: 4, embedDim: 4096, depth: 32, numHeads: 32, mlpDim: 16384 },
  "15B": { imageSize: [128, 256], patchSize: 4, embedDim: 6144, depth: 32, numHeads: 32, mlpDim: 24576 },
  "26B": { imageSize: [128, 256], patchSize: 4, embedDim: 8192, depth: 32, numHeads: 32, mlpDim: 32768 },
} as const;

export type ChannelVitPreset = keyof typeof channelVitPresets;
