import type { Random } from "@graticule/core";

/** Makes a parameter's first values, row-major, from its shape and its own random stream. */
export type Initializer = (shape: readonly number[], random: Random) => Float32Array;

const count = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

export const zeros: Initializer = (shape) => new Float32Array(count(shape));

export const ones: Initializer = (shape) => new Float32Array(count(shape)).fill(1);

/** The given values, such as a position embedding; a fresh copy at each use. */
export const constantValues =
  (values: Float32Array): Initializer =>
  () =>
    values.slice();

/**
 * Uniform in ±sqrt(6 / (fanIn + fanOut)); fanOut is the first length, fanIn the product of the others, so that a patch
 * convolution `[D, C, P, P]` counts as the linear layer `[D, C·P·P]`.
 *
 * Source: Glorot & Bengio 2010, eq. 16.
 */
export const xavierUniform: Initializer = (shape, random) => {
  const values = new Float32Array(count(shape));
  const fanOut = shape[0] ?? 1;
  const bound = Math.sqrt(6 / (fanOut + values.length / fanOut));
  for (let index = 0; index < values.length; index++) values[index] = (2 * random.float() - 1) * bound;
  return values;
};

/** Normal with mean 0. */
export const normal =
  (std: number): Initializer =>
  (shape, random) => {
    const values = new Float32Array(count(shape));
    for (let index = 0; index < values.length; index++) values[index] = std * random.normal();
    return values;
  };

/** Normal with mean 0, drawn again where it lies beyond two `std` (`std` is that of the normal before the cut). */
export const truncNormal =
  (std: number): Initializer =>
  (shape, random) => {
    const values = new Float32Array(count(shape));
    for (let index = 0; index < values.length; index++) {
      let value = random.normal();
      while (Math.abs(value) > 2) value = random.normal();
      values[index] = std * value;
    }
    return values;
  };
