import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { gatherPatches } from "./gather-patches.js";

/**
 * Projects each channel's patches by that channel's own matrix: C patch embeddings of one channel each, as one batched
 * product.
 *
 * Shape: images `[B, C, H, W]`, weight `[D, C, P, P]`, bias `[C, D]` → `[B, N, C, D]`.
 * Source: Nguyen et al. 2023 (ClimaX), §3.2 "variable tokenization", arXiv:2301.10343.
 *
 * @throws {ShapeError} if weight or bias don't fit the images, or P does not divide H and W.
 */
export function channelTokens(images: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  checkShape("channelTokens", "images", images, ["B", "C", "H", "W"]);
  const [batch, channels] = images.shape as [number, number, number, number];
  checkShape("channelTokens", "weight", weight, ["D", channels, "P", "P"]);
  const [width, , patchSize] = weight.shape as [number, number, number, number];
  checkShape("channelTokens", "bias", bias, [channels, width]);
  return tf.tidy(() => {
    const values = patchSize * patchSize;
    const patches = gatherPatches(images, { patchSize }); // [B, N, C·P·P]
    const tokens = patches.shape[1] as number;
    const byChannel = tf.transpose(tf.reshape(patches, [batch * tokens, channels, values]), [1, 0, 2]); // [C, B·N, P·P]
    const matrices = tf.transpose(tf.reshape(weight, [width, channels, values]), [1, 2, 0]); // [C, P·P, D]
    const products = tf.transpose(tf.matMul(byChannel, matrices), [1, 0, 2]); // [B·N, C, D]
    return tf.reshape(tf.add(products, bias), [batch, tokens, channels, width]);
  });
}
