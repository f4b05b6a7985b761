import { runOperation } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { gatherPatches } from "./gather-patches.js";
import { linear, linearGradients } from "./linear.js";
import { pickChannels } from "./pick-channels.js";

/** A patch embedding of each channel, and the weighted sum that makes one token of them. */
export interface ChannelMixParameters {
  /** `[D, n, P·P]`. */
  readonly weight: tf.Tensor;
  /** `[n]`. */
  readonly mix: tf.Tensor;
  /** `[D]`. */
  readonly bias: tf.Tensor;
}

export interface MixChannelPatchesOptions {
  readonly patchSize: number;
  /** The n channels among the images', in the order of the parameters. */
  readonly channels: readonly number[];
  /** Which patches of each image, B·K values, sample after sample. Default: all, in their order. */
  readonly keep?: Int32Array;
  /** Most images at a time; the same numbers for any. Default: what 512 KiB of patches holds. */
  readonly chunkImages?: number;
}

const CHUNK_BYTES = 512 * 1024;

/**
 * One token at each position out of n channels: Σ_c mix_c · (weight_c · patch_c) + bias. The mix is multiplied into the
 * weights, and patches are cut of a few images at a time, forward and backward: channels' tokens never exist, and nothing
 * of the size of images or weights is kept.
 *
 * Shape: images `[B, C, H, W]` → `[B·K, D]`, K = N = (H/P)·(W/P) without `keep`.
 * Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411, for the layer; the folding is ours.
 *
 * @throws {ShapeError} if images and parameters don't fit.
 */
export function mixChannelPatches(
  images: tf.Tensor,
  parameters: ChannelMixParameters,
  options: MixChannelPatchesOptions,
): tf.Tensor {
  const { weight, mix, bias } = parameters;
  const { patchSize, channels, keep } = options;
  checkShape("mixChannelPatches", "images", images, ["B", "C", "H", "W"]);
  checkShape("mixChannelPatches", "weight", weight, ["D", channels.length, patchSize ** 2]);
  checkShape("mixChannelPatches", "mix", mix, [channels.length]);
  checkShape("mixChannelPatches", "bias", bias, [weight.shape[0] as number]);
  const [batch, , height, width] = images.shape as [number, number, number, number];
  const rowsOfImage = keep ? keep.length / batch : (height * width) / patchSize ** 2;
  const bytesOfImage = 4 * rowsOfImage * channels.length * patchSize ** 2;
  const { chunkImages = Math.max(1, Math.floor(CHUNK_BYTES / bytesOfImage)) } = options;
  const chunks = Array.from({ length: Math.ceil(batch / chunkImages) }, (_, chunk) => {
    const first = chunk * chunkImages;
    return { first, count: Math.min(chunkImages, batch - first) };
  });

  const patchesOf = (picked: tf.Tensor, { first, count }: Chunk): tf.Tensor => {
    const kept = keep?.subarray(first * rowsOfImage, (first + count) * rowsOfImage);
    const patches = gatherPatches(picked, { patchSize, ...(kept && { keep: kept }) });
    return tf.reshape(patches, [count * rowsOfImage, channels.length * patchSize ** 2]);
  };
  /** Frees the picked pixels before their patches are multiplied. */
  const cut = (all: tf.Tensor, chunk: Chunk): tf.Tensor =>
    tf.tidy(() => patchesOf(pickChannels(all, channels, chunk), chunk));

  return runOperation({
    name: "MixChannelPatches",
    inputs: { images, weight, mix, bias },
    run: (save) => {
      save([images, weight, mix]);
      const folded = fold(weight, mix);
      return tf.concat(chunks.map((chunk) => tf.tidy(() => linear(cut(images, chunk), folded, bias))));
    },
    gradients: (dy, saved, wanted) => {
      const [all, weight, mix] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const isOfImages = wanted.has("images");
      const folded = fold(weight, mix);
      const ofImages: tf.Tensor[] = [];
      let ofFolded: tf.Tensor | undefined;
      for (const chunk of chunks) {
        const [sum, ofChunk] = tf.tidy((): [tf.Tensor, tf.Tensor | undefined] => {
          const rows = tf.slice(dy, [chunk.first * rowsOfImage, 0], [chunk.count * rowsOfImage, -1]);
          const patches = cut(all, chunk);
          const { x, weight: found } = linearGradients(rows, patches, folded, { weightOnly: !isOfImages });
          const dImages = x && spread(x, all, chunk);
          return [ofFolded ? tf.add(ofFolded, found) : found, dImages];
        });
        ofFolded?.dispose();
        ofFolded = sum;
        if (ofChunk) ofImages.push(ofChunk);
      }
      const ofEach = tf.reshape(ofFolded as tf.Tensor, weight.shape);
      return {
        images: isOfImages ? tf.concat(ofImages) : undefined,
        weight: tf.mul(ofEach, tf.reshape(mix, [1, -1, 1])),
        mix: tf.sum(tf.mul(ofEach, weight), [0, 2]),
        bias: tf.sum(dy, 0),
      };
    },
  });

  /** The gradient of a chunk's images out of that of its patches: what cuts them is linear. */
  function spread(ofPatches: tf.Tensor, all: tf.Tensor, chunk: Chunk): tf.Tensor {
    const shape = [chunk.count, ...all.shape.slice(1)];
    return tf.grad((x) => patchesOf(pickChannels(x, channels), chunk))(tf.zeros(shape), ofPatches);
  }
}

interface Chunk {
  readonly first: number;
  readonly count: number;
}

const fold = (weight: tf.Tensor, mix: tf.Tensor): tf.Tensor =>
  tf.reshape(tf.mul(weight, tf.reshape(mix, [1, -1, 1])), [weight.shape[0] as number, -1]);
