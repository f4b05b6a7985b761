import {
  backend_util,
  type CropAndResizeAttrs,
  type FusedBatchNormAttrs,
  type KernelConfig,
  type LRNAttrs,
  type LRNGradAttrs,
  type ResizeBilinearAttrs,
  type RotateWithOffsetAttrs,
  type TransformAttrs,
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

/** Order as in src-native/image_sampling.cc. */
const fillModes = ["constant", "reflect", "wrap", "nearest"];

function transformArgs({ image, transforms }: Inputs, attrs: TransformAttrs): Argument[] {
  const { interpolation, fillMode, fillValue, outputShape } = attrs;
  const [, height, width] = image!.shape as [number, number, number, number];
  const [toHeight, toWidth] = outputShape ?? [height, width];
  return [image!, transforms!, toHeight, toWidth, fillModes.indexOf(fillMode), interpolation === "nearest", fillValue];
}

function rotateArgs({ image }: Inputs, { radians, fillValue, center }: RotateWithOffsetAttrs): Argument[] {
  const [, height, width, channels] = image!.shape as [number, number, number, number];
  const [centerX, centerY] = backend_util.getImageCenter(center, height, width);
  // A fill color has no alpha: a fourth channel is opaque.
  const fills = Array.from({ length: channels }, (_, channel) =>
    typeof fillValue === "number" ? fillValue : channel === 3 ? 255 : (fillValue[channel] ?? 0),
  );
  return [image!, radians, centerX, centerY, fills];
}

/** Resizing, cropping and turning of images `[B, H, W, C]`, and normalization over channels or batch. */
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
  kernel<CropAndResizeAttrs>("CropAndResize", {
    args: ({ image, boxes, boxInd }, { cropSize, method, extrapolationValue }) => [
      image!,
      boxes!,
      boxInd!,
      ...cropSize,
      method === "nearest",
      extrapolationValue,
    ],
  }),
  kernel<TransformAttrs>("Transform", { args: transformArgs }),
  kernel<RotateWithOffsetAttrs>("RotateWithOffset", { args: rotateArgs }),
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
