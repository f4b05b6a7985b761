import { backendConfig, dataConfig, maskedModelConfig, parallelConfig, parallelMayChange } from "@graticule/classify";
import { loaderConfig, loopConfig, loopMayChange, optimizerConfig } from "@graticule/train";
import { z } from "zod";

/** Everything that decides a pretraining run; a preset, files and `a.b=c` overrides are merged into one of these. */
export const pretrainConfig = z.strictObject({
  /** Decides initial weights, masks, crops and order. */
  seed: z.int().min(0).default(0),
  backend: backendConfig.prefault({}),
  parallel: parallelConfig.prefault({}),
  data: dataConfig,
  loader: loaderConfig
    .extend({
      /** What to do with a file that cannot be read. */
      onCorrupt: z.enum(["skip", "fail"]).default("skip"),
      /** Most training images that channel means and deviations are measured on, drawn by seed. */
      statisticsSamples: z.int().min(1).default(1000),
    })
    .prefault({}),
  augment: z
    .strictObject({
      /** Area of a random crop that is resized to the model's imageSize, as a share of the image; 0.2 to 1 when absent, but none for cubes, whose crops lie at random anyway. */
      cropScale: z.tuple([z.number().gt(0).max(1), z.number().gt(0).max(1)]).optional(),
      interpolation: z.enum(["bilinear", "bicubic"]).default("bicubic"),
      horizontalFlip: z.boolean().default(true),
      /** Images from above have no upside down, so this is off only to follow the paper. */
      verticalFlip: z.boolean().default(false),
    })
    .prefault({}),
  model: maskedModelConfig,
  optimizer: optimizerConfig
    .extend({
      /** Learning rate at a batch of 256, scaled by globalBatchSize / 256. Source: He et al. 2022, appendix A.1. */
      baseLearningRate: z.number().gt(0).default(1.5e-4),
    })
    .prefault({}),
  train: loopConfig
    .extend({
      /** Epochs between two validations on held-out images; none when absent. */
      validateEveryEpochs: z.int().min(1).optional(),
    })
    .prefault({}),
  report: z
    .strictObject({
      /** Held-out images in the reconstruction panel; 0 draws none. */
      reconstructions: z.int().min(0).default(6),
      /** Bands drawn as red, green and blue, from 0; when absent by wavelength where the data has them, else the first three. */
      rgbBands: z.tuple([z.int().min(0), z.int().min(0), z.int().min(0)]).optional(),
      /** Held-out crops of cubes that errors of bands are measured on. */
      errorCrops: z.int().min(1).default(200),
      /** Pixels of cubes whose spectra are drawn, true and reconstructed; hidden ones of the crops drawn when absent. */
      pixels: z
        .array(
          z.strictObject({
            /** Which cube, counted from 0 in the order of `data.paths`. */
            cube: z.int().min(0).default(0),
            row: z.int().min(0),
            column: z.int().min(0),
          }),
        )
        .optional(),
    })
    .prefault({}),
});

export type PretrainConfig = z.infer<typeof pretrainConfig>;

/** Settings that may differ when a run is resumed: they change its length, its speed or what it says, not its steps. */
export const resumeMayChange = ["report.**", "train.validateEveryEpochs", ...parallelMayChange, ...loopMayChange];
