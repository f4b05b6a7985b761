import { Linear, Module } from "@graticule/nn";
import { resizeBilinear } from "@graticule/ops";
import { mean, type Tensor, type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** A linear layer on each patch of a map, resized to the image. Shape: `[B, h, w, D]`, `[H, W]` → `[B, H, W, outputs]`. */
export class LinearHead extends Module {
  readonly proj: Linear;

  constructor(embedDim: number, outputs: number) {
    super();
    this.proj = new Linear(embedDim, outputs);
  }

  forward([map]: readonly Tensor[], imageSize: readonly [number, number]): Tensor4D {
    return tidy(() => resizeBilinear(this.proj.forward(map as Tensor), imageSize));
  }
}

/** A linear layer on the mean of a map. Shape: `[B, h, w, D] → [B, outputs]`. */
export class PooledHead extends Module {
  readonly proj: Linear;

  constructor(embedDim: number, outputs: number) {
    super();
    this.proj = new Linear(embedDim, outputs);
  }

  forward([map]: readonly Tensor[]): Tensor2D {
    return tidy(() => this.proj.forward(mean(map as Tensor, [1, 2])) as Tensor2D);
  }
}
