import type { FusedBatchNormAttrs, KernelConfig, ResizeBilinearAttrs } from "@tensorflow/tfjs-core";
import { type Inputs, kernel } from "../define-kernel.js";
import type { Argument } from "../kernel-call.js";

function resizeArgs({ images }: Inputs, { size, alignCorners, halfPixelCenters }: ResizeBilinearAttrs): Argument[] {
  return [images!, size[0], size[1], Boolean(alignCorners), Boolean(halfPixelCenters)];
}

function resizeGradArgs({ images, dy }: Inputs, attrs: ResizeBilinearAttrs, nearest: boolean): Argument[] {
  const [, height, width] = images!.shape as [number, number, number, number];
  const [, toHeight, toWidth] = dy!.shape as [number, number, number, number];
  const convention = [Boolean(attrs.alignCorners), Boolean(attrs.halfPixelCenters)];
  return [dy!, height, width, nearest, toHeight, toWidth, ...convention];
}

/** Resizing of images `[B, H, W, C]` and batch normalization. */
export const imageKernels: KernelConfig[] = [
  kernel<ResizeBilinearAttrs>("ResizeBilinear", { args: resizeArgs }),
  kernel<ResizeBilinearAttrs>("ResizeNearestNeighbor", { args: resizeArgs }),
  kernel<ResizeBilinearAttrs>("ResizeBilinearGrad", {
    native: "ResizeGrad",
    args: (inputs, attrs) => resizeGradArgs(inputs, attrs, false),
  }),
  kernel<ResizeBilinearAttrs>("ResizeNearestNeighborGrad", {
    native: "ResizeGrad",
    args: (inputs, attrs) => resizeGradArgs(inputs, attrs, true),
  }),
  kernel<FusedBatchNormAttrs>("FusedBatchNorm", {
    args: ({ x, scale, offset, mean, variance }, { varianceEpsilon }) => [
      x!,
      scale ?? null,
      offset ?? null,
      mean!,
      variance!,
      varianceEpsilon ?? 0.001,
    ],
  }),
];
