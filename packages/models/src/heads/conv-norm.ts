import { Conv2d, LayerNorm, Linear, Module } from "@graticule/nn";
import { relu, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/**
 * Convolution, normalization of each pixel's channels, ReLU. UPerNet's code normalizes over the batch; statistics of a batch
 * would make the result depend on how ranks share it, so that channels are normalized instead, as in ViTDet.
 *
 * Shape: `[B, H, W, inChannels] → [B, H, W, outChannels]`.
 * Source: Xiao et al. 2018, arXiv:1807.10221; Li et al. 2022, §3, arXiv:2203.16527 (LayerNorm in place of BatchNorm).
 */
export class ConvNorm extends Module {
  readonly conv: Conv2d | Linear;
  readonly norm: LayerNorm;

  constructor(inChannels: number, outChannels: number, kernelSize: 1 | 3) {
    super();
    this.conv =
      kernelSize === 1
        ? new Linear(inChannels, outChannels, { bias: false })
        : new Conv2d(inChannels, outChannels, { kernelSize, bias: false });
    this.norm = new LayerNorm(outChannels);
  }

  forward(x: Tensor): Tensor4D {
    return tidy(() => relu(this.norm.forward(this.conv.forward(x))) as Tensor4D);
  }
}
