import { gatherPatches, gatherTokens, linear, maskedPatchError } from "@graticule/ops";
import * as tf from "@tensorflow/tfjs-core";

export interface OpCase {
  /** Kernels without which the operation is composed. */
  readonly kernels: readonly string[];
  readonly variables: tf.Variable[];
  readonly run: () => tf.Tensor;
}

const variable = (...shape: number[]): tf.Variable => tf.variable(tf.randomNormal(shape, 0, 1, "float32", 1));

/** The first K of a fixed shuffle of N, for each of B samples. */
function someOf(batch: number, tokens: number, picked: number): Int32Array {
  return Int32Array.from({ length: batch * picked }, (_, i) => ((i % picked) * 37 + Math.floor(i / picked)) % tokens);
}

/** Shapes of a ViT-Base MAE at batch 32, 224 × 224, unless a line says otherwise. */
export const opCases: Readonly<Record<string, () => OpCase>> = {
  maskedPatchError: () => {
    const images = tf.randomNormal([32, 3, 224, 224]);
    const mask = tf.tensor2d(
      Float32Array.from({ length: 32 * 196 }, (_, i) => (i % 4 ? 1 : 0)),
      [32, 196],
    );
    const prediction = variable(32, 196, 768);
    const options = { patchSize: 16, normalize: true };
    const run = () => maskedPatchError(prediction, images, mask, options);
    return { kernels: ["FusedPatchError"], variables: [prediction], run };
  },
  gatherPatches: () => {
    // With the projection of width 8 that gives it something to differentiate.
    const images = tf.randomNormal([32, 3, 224, 224]);
    const weight = variable(8, 768);
    const keep = someOf(32, 196, 49);
    const run = () => linear(gatherPatches(images, { patchSize: 16, keep }), weight);
    return { kernels: ["FusedGatherPatches", "FusedGatherTokens"], variables: [weight], run };
  },
  gatherTokens: () => {
    const tokens = variable(32, 196, 512);
    const restore = someOf(32, 196, 196);
    return { kernels: ["FusedGatherTokens"], variables: [tokens], run: () => gatherTokens(tokens, restore) };
  },
};
