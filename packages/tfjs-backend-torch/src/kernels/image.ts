import type {
  FusedBatchNormAttrs,
  KernelConfig,
  LRNAttrs,
  LRNGradAttrs,
  ResizeBilinearAttrs,
} from "@tensorflow/tfjs-core";
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

const localResponse = ({ depthRadius, bias, alpha, beta }: LRNAttrs): number[] => [depthRadius, bias, alpha, beta];

/** Resizing of images `[B, H, W, C]` and normalization over channels or batch. */
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
  kernel("FlipLeftRight", { native: "Reverse", args: ({ image }) => [image!, [2]] }),
  kernel<LRNAttrs>("LRN", { args: ({ x }, attrs) => [x!, ...localResponse(attrs)] }),
  kernel<LRNGradAttrs>("LRNGrad", { args: ({ x, y, dy }, attrs) => [x!, y!, dy!, ...localResponse(attrs)] }),
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
