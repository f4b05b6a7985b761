import { expectation } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";

type Size = readonly [height: number, width: number];

/** Weights `[to, from]` by which a line of values becomes one of another length. */
type LineWeights = (from: number, to: number) => Float32Array;

/**
 * Resizes maps bilinearly; pixels are areas, whose centers are compared, and the border's go on outside.
 *
 * Shape: `[B, h, w, C] → [B, size[0], size[1], C]`.
 * Source: equals `torch.nn.functional.interpolate(mode="bilinear", align_corners=False)`.
 *
 * @throws {ShapeError} if the maps are not `[B, h, w, C]`. @throws {RangeError} if the size is not of whole pixels.
 */
export function resizeBilinear(maps: tf.Tensor, size: Size): tf.Tensor4D {
  return resampleGrid("resizeBilinear", maps, size, bilinearWeights);
}

/**
 * Averages maps over `size[0] × size[1]` windows of nearly equal size that cover them, and overlap where it doesn't divide.
 *
 * Shape: `[B, h, w, C] → [B, size[0], size[1], C]`.
 * Source: equals `torch.nn.functional.adaptive_avg_pool2d`.
 *
 * @throws {ShapeError} if the maps are not `[B, h, w, C]`. @throws {RangeError} if the size is not of whole pixels.
 */
export function averageToGrid(maps: tf.Tensor, size: Size): tf.Tensor4D {
  return resampleGrid("averageToGrid", maps, size, averageWeights);
}

/** As two matrix products, along rows and along columns: their gradient is that of products, on every backend. */
function resampleGrid(where: string, maps: tf.Tensor, size: Size, weightsOf: LineWeights): tf.Tensor4D {
  checkShape(where, "maps", maps, ["B", "H", "W", "C"]);
  if (!size.every((length) => Number.isInteger(length) && length > 0))
    throw new RangeError(expectation(where, "a size of whole pixels", `[${size.join(", ")}]`));
  const [batch, height, width, channels] = maps.shape as [number, number, number, number];
  const [toHeight, toWidth] = size;
  return tf.tidy(() => {
    let x = maps;
    if (width !== toWidth) {
      const across = tf.tensor2d(weightsOf(width, toWidth), [toWidth, width]);
      const lines = tf.reshape(tf.transpose(x, [2, 0, 1, 3]), [width, batch * height * channels]);
      x = tf.transpose(tf.reshape(tf.matMul(across, lines), [toWidth, batch, height, channels]), [1, 2, 0, 3]);
    }
    if (height !== toHeight) {
      const down = tf.tensor2d(weightsOf(height, toHeight), [toHeight, height]);
      const lines = tf.reshape(tf.transpose(x, [1, 0, 2, 3]), [height, batch * toWidth * channels]);
      x = tf.transpose(tf.reshape(tf.matMul(down, lines), [toHeight, batch, toWidth, channels]), [1, 0, 2, 3]);
    }
    return x === maps ? tf.clone(maps) : x;
  }) as tf.Tensor4D;
}

const bilinearWeights: LineWeights = (from, to) => {
  const weights = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const place = Math.max(0, ((row + 0.5) * from) / to - 0.5);
    const before = Math.min(Math.floor(place), from - 1);
    const after = Math.min(before + 1, from - 1);
    const share = place - before;
    weights[row * from + before] = 1 - share;
    weights[row * from + after] = (weights[row * from + after] as number) + share;
  }
  return weights;
};

const averageWeights: LineWeights = (from, to) => {
  const weights = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const start = Math.floor((row * from) / to);
    const end = Math.ceil(((row + 1) * from) / to);
    weights.fill(1 / (end - start), row * from + start, row * from + end);
  }
  return weights;
};
