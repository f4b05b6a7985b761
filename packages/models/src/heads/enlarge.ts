import { Linear, Module } from "@graticule/nn";
import { reshape, type Tensor, type Tensor4D, tidy, transpose } from "@tensorflow/tfjs-core";

/**
 * Doubles the size of maps: each pixel becomes 2 × 2 of its own, a transposed convolution of kernel and stride 2 as a linear
 * layer. Rows of its weight are (row, column, channel) of the four.
 *
 * Shape: `[B, H, W, inChannels] → [B, 2H, 2W, outChannels]`; weight `[4·outChannels, inChannels]`.
 */
export class Enlarge extends Module {
  readonly proj: Linear;

  constructor(inChannels: number, outChannels: number) {
    super();
    this.proj = new Linear(inChannels, 4 * outChannels);
  }

  forward(x: Tensor): Tensor4D {
    const [batch, height, width] = x.shape as [number, number, number, number];
    return tidy(() => {
      const four = this.proj.forward(x);
      const channels = (four.shape[3] as number) / 4;
      const split = reshape(four, [batch, height, width, 2, 2, channels]);
      return reshape(transpose(split, [0, 1, 3, 2, 4, 5]), [batch, 2 * height, 2 * width, channels]) as Tensor4D;
    });
  }
}
