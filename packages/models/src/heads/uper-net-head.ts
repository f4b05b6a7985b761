import { Linear, Module } from "@graticule/nn";
import { averageToGrid, resizeBilinear } from "@graticule/ops";
import { add, concat, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { ConvNorm } from "./conv-norm.js";
import { FeaturePyramid } from "./feature-pyramid.js";

/** Sides of the grids that the coarsest map is averaged to. Source: Zhao et al. 2017 (PSPNet), §3.2, arXiv:1612.01105. */
const POOL_SCALES = [1, 2, 3, 6] as const;

type Size = readonly [height: number, width: number];
const sizeOf = ({ shape }: Tensor): Size => [shape[1] as number, shape[2] as number];

/**
 * Head of UPerNet on the maps of four blocks: the coarsest is pooled to several grids, then finer ones are added from coarse
 * to fine, and all are joined at the finest.
 *
 * Shape: four maps `[B, h, w, D]`, `[H, W]` → `[B, H, W, outputs]`.
 * Source: Xiao et al. 2018, §3, arXiv:1807.10221, as mmsegmentation's `UPerHead`, without its auxiliary head and dropout.
 */
export class UperNetHead extends Module {
  readonly pyramid: FeaturePyramid;
  readonly pools: ConvNorm[];
  readonly poolMerge: ConvNorm;
  readonly laterals: ConvNorm[];
  readonly smooths: ConvNorm[];
  readonly merge: ConvNorm;
  readonly proj: Linear;

  constructor(embedDim: number, width: number, outputs: number) {
    super();
    this.pyramid = new FeaturePyramid(embedDim);
    this.pools = POOL_SCALES.map(() => new ConvNorm(embedDim, width, 1));
    this.poolMerge = new ConvNorm(embedDim + POOL_SCALES.length * width, width, 3);
    this.laterals = [0, 1, 2].map(() => new ConvNorm(embedDim, width, 1));
    this.smooths = [0, 1, 2].map(() => new ConvNorm(width, width, 3));
    this.merge = new ConvNorm(4 * width, width, 3);
    this.proj = new Linear(width, outputs);
  }

  forward(maps: readonly Tensor[], imageSize: Size): Tensor4D {
    return tidy(() => {
      const levels = this.pyramid.forward(maps);
      const merged: Tensor[] = this.laterals.map((lateral, level) => lateral.forward(levels[level] as Tensor));
      merged.push(this.poolCoarsest(levels[3] as Tensor));
      for (let level = 2; level >= 0; level--) {
        const own = merged[level] as Tensor;
        merged[level] = add(own, resizeBilinear(merged[level + 1] as Tensor, sizeOf(own)));
      }
      const finest = sizeOf(merged[0] as Tensor);
      const smooth = merged.map((map, level) => this.smooths[level]?.forward(map) ?? map);
      const joined = this.merge.forward(
        concat(
          smooth.map((map) => resizeBilinear(map, finest)),
          3,
        ),
      );
      return resizeBilinear(this.proj.forward(joined), imageSize);
    });
  }

  private poolCoarsest(map: Tensor): Tensor {
    const pooled = POOL_SCALES.map((scale, index) =>
      resizeBilinear((this.pools[index] as ConvNorm).forward(averageToGrid(map, [scale, scale])), sizeOf(map)),
    );
    return this.poolMerge.forward(concat([map, ...pooled], 3));
  }
}
