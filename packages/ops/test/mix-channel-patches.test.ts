import * as tf from "@tensorflow/tfjs-core";
import { it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { channelTokens, mixChannelPatches } from "../src/index.js";
import { checkGradient, normalInput } from "./check-gradient.js";
import { normalTensor } from "./random-tensors.js";

/** 3 images of 4 channels and 2 × 4 pixels, of which 2 channels in patches of 2 × 2 become tokens 3 wide. */
const [batch, side, width] = [3, 2, 3];
const channels = [3, 1];
const shapes = [[batch, 4, 2, 4], [width, channels.length, side * side], [channels.length], [width]];
const keep = Int32Array.of(1, 0, 1);

function mix(inputs: readonly tf.Tensor[], options: { keep?: Int32Array; chunkImages?: number } = {}): tf.Tensor {
  const [images, weight, mix, bias] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return mixChannelPatches(images, { weight, mix, bias }, { patchSize: side, channels, ...options });
}

describeOnBackends("mixChannelPatches", (backend) => {
  it.each([1, 2, 3])("equals the weighted sum of the channels' tokens, %i images at a time", (chunkImages) => {
    const inputs = shapes.map((shape, seed) => normalTensor(shape, seed));
    const [images, weight, weights, bias] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const tokens = channelTokens(
      tf.gather(images, channels, 1),
      tf.reshape(weight, [width, channels.length, side, side]),
      tf.zeros([channels.length, width]),
    ); // [B, N, n, D]
    const sum = tf.reshape(tf.sum(tf.mul(tokens, tf.reshape(weights, [-1, 1])), 2), [-1, width]);
    const expected = tf.add(sum, bias);
    expectClose(numbers(mix(inputs, { chunkImages })), numbers(expected), 2e-6);
    const kept = Array.from(keep, (patch, index) => 2 * index + patch);
    expectClose(numbers(mix(inputs, { chunkImages, keep })), numbers(tf.gather(expected, kept)), 2e-6);
  });

  it.skipIf(backend === "wasm")("has the gradients that finite differences give, of images too", () => {
    const inputs = shapes.map(normalInput);
    checkGradient((...given) => mix(given, { chunkImages: 2 }), inputs);
    checkGradient((...given) => mix(given, { chunkImages: 1, keep }), inputs);
  });
});
