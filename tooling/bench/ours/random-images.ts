import { makeRandom } from "@graticule/core";
import type { EncoderConfig } from "@graticule/models";
import { type Tensor4D, tensor4d } from "@tensorflow/tfjs-core";

/** Standard normal images, `[B, C, H, W]`. */
export function randomImages({ inChannels, imageSize }: EncoderConfig, batchSize: number): Tensor4D {
  const random = makeRandom(0);
  const shape = [batchSize, inChannels, ...imageSize] as [number, number, number, number];
  const length = shape.reduce((product, side) => product * side, 1);
  return tensor4d(
    Float32Array.from({ length }, () => random.normal()),
    shape,
  );
}
