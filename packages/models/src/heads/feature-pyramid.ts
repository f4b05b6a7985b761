import { LayerNorm, Module } from "@graticule/nn";
import { gelu } from "@graticule/ops";
import { maxPool, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { Enlarge } from "./enlarge.js";

/**
 * Makes of a ViT's four maps, all one for each patch, a pyramid: 4 and 2 times as large, as they are, half as large; at
 * patches of 16 pixels those are strides 4, 8, 16 and 32.
 *
 * Shape: four maps `[B, h, w, D]` → `[B, 4h, 4w, D]`, `[B, 2h, 2w, D]`, `[B, h, w, D]`, `[B, ⌈h/2⌉, ⌈w/2⌉, D]`.
 * Source: BEiT's and mmsegmentation's necks for a plain ViT (Bao et al. 2022, arXiv:2106.08254, code); LayerNorm for BatchNorm.
 */
export class FeaturePyramid extends Module {
  readonly first: Enlarge;
  readonly firstNorm: LayerNorm;
  readonly second: Enlarge;
  readonly doubled: Enlarge;

  constructor(embedDim: number) {
    super();
    this.first = new Enlarge(embedDim, embedDim);
    this.firstNorm = new LayerNorm(embedDim);
    this.second = new Enlarge(embedDim, embedDim);
    this.doubled = new Enlarge(embedDim, embedDim);
  }

  forward([finest, fine, plain, coarse]: readonly Tensor[]): Tensor4D[] {
    return tidy(() => [
      this.second.forward(gelu(this.firstNorm.forward(this.first.forward(finest as Tensor)))),
      this.doubled.forward(fine as Tensor),
      plain as Tensor4D,
      maxPool(coarse as Tensor4D, 2, 2, "same"),
    ]);
  }
}
