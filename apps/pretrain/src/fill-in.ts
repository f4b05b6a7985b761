import { makeRandom } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import { applyTransforms } from "@graticule/data";
import type { ReconstructedImage } from "@graticule/plot";
import { tensor4d } from "@tensorflow/tfjs-core";
import type { IsHidden, MaskDraw, MaskedModel } from "./masked-model.js";

/** Added to a patch's variance, as the loss does. Source: He et al. 2022, arXiv:2111.06377, its code. */
const VARIANCE_EPSILON = 1e-6;

/** An image, what a model saw of it, and what the model made of the rest; each `[C, H, W]` in the data's own units. */
export interface FilledImage extends Omit<ReconstructedImage, "label"> {
  readonly isHidden: IsHidden;
}

/**
 * Hides parts of an image and fills them in. With `normPix` the model predicts each part up to its mean and deviation;
 * those are taken from the part itself, as in the MAE paper's figures.
 *
 * Shape: `input` is `[C, H, W]` of the model's size.
 */
export async function fillIn(
  model: MaskedModel,
  schema: ChannelSchema,
  input: Float32Array,
  draw: MaskDraw,
): Promise<FilledImage> {
  const [height, width] = model.imageSize;
  const shape = [schema.length, height, width] as const;
  const context = { random: makeRandom(0), schema };
  const { pixels } = applyTransforms({ pixels: input, shape }, [{ kind: "normalize" }], context);
  const batch = tensor4d(pixels, [1, ...shape]);
  const { prediction, isHidden } = model.predict(batch, draw);
  const predicted = (await prediction.data()) as Float32Array; // [N, P·P·C]
  batch.dispose();
  prediction.dispose();

  const masked = input.slice();
  const reconstruction = input.slice();
  for (const { patch, channels, values } of hiddenParts(model, schema.length, isHidden)) {
    const [mean, deviation] = model.normPix ? momentsOf(values.map(({ place }) => pixels[place] as number)) : [0, 1];
    for (const { place, at, channel } of values) {
      const { mean: channelMean = 0, std = 1 } = schema[channel] ?? {};
      masked[place] = Number.NaN;
      const value = predicted[patch * channels + at] as number;
      reconstruction[place] = (value * deviation + mean) * std + channelMean;
    }
  }
  return { input, masked, reconstruction, isHidden };
}

interface HiddenPart {
  readonly patch: number;
  /** Values of a predicted patch, P·P·C. */
  readonly channels: number;
  /** Where each lies in `[C, H, W]`, and in the predicted patch (row, column, channel). */
  readonly values: readonly { readonly place: number; readonly at: number; readonly channel: number }[];
}

/** What is hidden, in the parts that are normalized as one. */
function* hiddenParts(model: MaskedModel, channels: number, isHidden: IsHidden): Generator<HiddenPart> {
  const { imageSize, patchSize, hiddenUnit } = model;
  const [height, width] = imageSize;
  const across = width / patchSize;
  const groups = hiddenUnit === "patch" ? [range(channels)] : range(channels).map((channel) => [channel]);
  for (let patch = 0; patch < (height / patchSize) * across; patch++) {
    const [top, left] = [Math.floor(patch / across) * patchSize, (patch % across) * patchSize];
    for (const group of groups) {
      if (!isHidden(patch, group[0] as number)) continue;
      const values = range(patchSize * patchSize).flatMap((pixel) => {
        const [row, column] = [top + Math.floor(pixel / patchSize), left + (pixel % patchSize)];
        return group.map((channel) => ({
          place: (channel * height + row) * width + column,
          at: pixel * channels + channel,
          channel,
        }));
      });
      yield { patch, channels: patchSize * patchSize * channels, values };
    }
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Mean and unbiased deviation, as the loss takes them. */
function momentsOf(values: readonly number[]): [mean: number, deviation: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (values.length - 1) + VARIANCE_EPSILON)];
}
