import { ShapeError } from "@graticule/core";
import { add, conv2d, type Tensor, type Tensor4D, tidy, transpose } from "@tensorflow/tfjs-core";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

/**
 * Convolution of maps, channels last, padded with zeros to keep their size.
 *
 * Shape: `[B, H, W, inChannels] → [B, H, W, outChannels]`; weight `[outChannels, inChannels, k, k]`, k odd.
 *
 * @throws {RangeError} at construction, if k is even. @throws {ShapeError} if the maps have other channels.
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  /** Undefined in a layer without one. */
  readonly bias: Parameter | undefined;

  constructor(
    inChannels: number,
    outChannels: number,
    { kernelSize, bias = true }: { readonly kernelSize: number; readonly bias?: boolean },
  ) {
    super();
    if (kernelSize % 2 !== 1)
      throw new RangeError(`Conv2d: expected an odd kernelSize, got ${kernelSize}. An even one would move the maps.`);
    this.weight = new Parameter([outChannels, inChannels, kernelSize, kernelSize]);
    this.bias = bias ? new Parameter([outChannels]) : undefined;
  }

  forward(x: Tensor): Tensor4D {
    const inChannels = this.weight.globalShape[1] as number;
    if (x.rank !== 4 || x.shape[3] !== inChannels)
      throw new ShapeError("Conv2d", `maps [B, H, W, ${inChannels}]`, `[${x.shape.join(", ")}]`);
    return tidy(() => {
      const filter = transpose(this.weight.variable, [2, 3, 1, 0]) as Tensor4D; // [k, k, in, out]
      const y = conv2d(x as Tensor4D, filter, 1, "same");
      return this.bias ? add<Tensor4D>(y, this.bias.variable) : y;
    });
  }
}
