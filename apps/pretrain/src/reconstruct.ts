import { join } from "node:path";
import { datasetSpec, openPretrainedRun } from "@graticule/classify";
import { ConfigError, makeRandom } from "@graticule/core";
import { applyTransforms, type Dataset, openDataset, type TransformSpec } from "@graticule/data";
import { Mae, makeMaeMask, numPatches, type TokenMask } from "@graticule/models";
import type { ReconstructedImage } from "@graticule/plot";
import { MODEL_FILE, openBackend, openSafetensors } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import type { PretrainConfig } from "./pretrain-config.js";

/** Held-out images with what the model made of their hidden patches, in the data's own units. */
export interface Reconstructions {
  readonly images: readonly ReconstructedImage[];
  /** `[C, H, W]` of each picture. */
  readonly shape: readonly [channels: number, height: number, width: number];
}

/**
 * Hides patches of some held-out images and fills them in with a run's model. With `normPix` the model predicts each
 * patch up to its mean and deviation; those are taken from the patch itself, as in the MAE paper's figures.
 */
export async function reconstruct(runFolder: string, config: PretrainConfig): Promise<Reconstructions> {
  await openBackend(config.backend);
  const { checkpoint, model: modelConfig } = await openPretrainedRun(runFolder);
  const { schema } = checkpoint.state;
  const model = new Mae(modelConfig);
  const file = await openSafetensors(join(checkpoint.path, MODEL_FILE));
  await model.loadStateDict(file).finally(() => file.close());

  const dataset = await openHeldOut(config);
  const [height, width] = modelConfig.imageSize;
  const shape = [schema.length, height, width] as const;
  const indices = makeRandom(config.seed, "reconstruct")
    .permutation(dataset.length)
    .subarray(0, config.report.reconstructions);
  const resize: TransformSpec[] = [{ kind: "resize", size: [height, width], interpolation: "bicubic" }];
  const images: ReconstructedImage[] = [];
  for (const index of indices) {
    const sample = await dataset.read(index);
    const context = { random: makeRandom(config.seed), schema };
    const input = applyTransforms(sample, resize, context);
    const normalized = applyTransforms(input, [{ kind: "normalize" }], context);
    const mask = makeMaeMask({
      seed: config.seed,
      epoch: 0,
      indices: [index],
      numTokens: numPatches(modelConfig),
      maskRatio: config.model.maskRatio,
    });
    const batch = tensor4d(normalized.pixels, [1, ...shape]);
    const { prediction, latent } = model.forward(batch, mask);
    const patches = (await prediction.data()) as Float32Array;
    for (const tensor of [batch, prediction, latent]) tensor.dispose();
    images.push({ ...fillIn(input.pixels, patches, mask), label: sample.id });
  }
  model.dispose();
  return { images, shape };

  /** Copies the input with its hidden patches cut out, and with the predicted ones in their place. */
  function fillIn(input: Float32Array, patches: Float32Array, mask: TokenMask): Omit<ReconstructedImage, "label"> {
    const { patchSize } = modelConfig;
    const masked = input.slice();
    const reconstruction = input.slice();
    const columns = width / patchSize;
    const patchValues = patchSize * patchSize * schema.length;
    for (const [token, isMasked] of mask.mask.entries()) {
      if (!isMasked) continue;
      const places = pixelPlaces(Math.floor(token / columns) * patchSize, (token % columns) * patchSize);
      const predicted = patches.subarray(token * patchValues, (token + 1) * patchValues);
      const [mean, deviation] = config.model.normPix ? patchMoments(input, places) : [0, 1];
      for (const [value, place] of places.entries()) {
        masked[place] = Number.NaN;
        const { mean: channelMean = 0, std = 1 } = schema[value % schema.length] ?? {};
        reconstruction[place] = ((predicted[value] as number) * deviation + mean) * std + channelMean;
      }
    }
    return { input, masked, reconstruction };
  }

  /** Where the values of a patch lie in `[C, H, W]`, in the order (row, column, channel) in which they are predicted. */
  function pixelPlaces(top: number, left: number): number[] {
    const places: number[] = [];
    for (let row = top; row < top + modelConfig.patchSize; row++)
      for (let column = left; column < left + modelConfig.patchSize; column++)
        for (let channel = 0; channel < schema.length; channel++)
          places.push((channel * height + row) * width + column);
    return places;
  }

  /** Mean and unbiased deviation of a patch of the normalized image, as the loss takes them. */
  function patchMoments(input: Float32Array, places: readonly number[]): [mean: number, deviation: number] {
    const values = places.map((place, value) => {
      const { mean = 0, std = 1 } = schema[value % schema.length] ?? {};
      return ((input[place] as number) - mean) / std;
    });
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return [mean, Math.sqrt(squares / (values.length - 1) + 1e-6)];
  }
}

/** The first held-out split that has images; the training images where there is none. */
async function openHeldOut(config: PretrainConfig): Promise<Dataset> {
  for (const split of ["test", "val"] as const)
    try {
      const dataset = await openDataset(datasetSpec(config.data, split));
      if (dataset.length > 0) return dataset;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  return openDataset(datasetSpec(config.data, "train"));
}
