import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";

/** Standardizes each channel's pixels, (x − mean) / std, on the way. Give both or neither. */
export interface PixelNormalization {
  /** C values, in the unit of the pixels as given (0 … 255 for bytes). */
  readonly mean?: readonly number[];
  /** C values. */
  readonly std?: readonly number[];
}

/**
 * @returns both lists, empty where the pixels are taken as they are.
 * @throws {ShapeError} if there isn't a mean and a deviation for each channel.
 * @throws {RangeError} if a deviation is not positive.
 */
export function checkPixelNormalization(
  op: string,
  channels: number,
  { mean = [], std = [] }: PixelNormalization,
): { mean: number[]; std: number[] } {
  const isNone = mean.length === 0 && std.length === 0;
  if (!isNone && !(mean.length === channels && std.length === channels))
    throw new ShapeError(op, `mean and std of ${channels} channels`, `${mean.length} and ${std.length} values`);
  const bad = std.find((deviation) => !(deviation > 0));
  if (bad !== undefined) throw new RangeError(expectation(op, "positive deviations", `${bad}`));
  return { mean: [...mean], std: [...std] };
}

/** `[B, C, H, W]` of any dtype → float32, standardized where there is a mean. */
export function standardizePixels(images: tf.Tensor, mean: readonly number[], std: readonly number[]): tf.Tensor {
  const pixels = tf.cast(images, "float32");
  if (mean.length === 0) return pixels;
  const perChannel = (values: readonly number[]) => tf.tensor3d([...values], [values.length, 1, 1]);
  return tf.div(tf.sub(pixels, perChannel(mean)), perChannel(std));
}
