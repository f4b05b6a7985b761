import {
  type BatchToSpaceNDAttrs,
  backend_util,
  type DepthToSpaceAttrs,
  type KernelConfig,
  type SpaceToBatchNDAttrs,
  util,
} from "@tensorflow/tfjs-core";
import { customKernel, kernel } from "../define-kernel.js";
import { nativeKernel } from "../kernel-call.js";

const pad = nativeKernel("PadV2");
const spaceToBatch = nativeKernel("SpaceToBatchND");
const batchToSpace = nativeKernel("BatchToSpaceND");
const slice = nativeKernel("Slice");

/** Kernels that trade space for batch or depth; dilated pooling is built on them. */
export const blockKernels: KernelConfig[] = [
  customKernel<SpaceToBatchNDAttrs>("SpaceToBatchND", ({ x }, { blockShape, paddings }, backend) => {
    const complete = [[0, 0], ...paddings, ...x!.shape.slice(blockShape.length + 1).map(() => [0, 0])];
    const padded = pad(backend, [x!, complete.flat(), 0])[0]!;
    const result = spaceToBatch(backend, [padded, blockShape])[0]!;
    backend.disposeIntermediate(padded);
    return result;
  }),
  customKernel<BatchToSpaceNDAttrs>("BatchToSpaceND", ({ x }, { blockShape, crops }, backend) => {
    const whole = batchToSpace(backend, [x!, blockShape])[0]!;
    const coords = backend_util.getSliceBeginCoords(crops, blockShape.length);
    const begin = whole.shape.map((_, dim) => coords[dim] ?? 0);
    const sizes = backend_util.getSliceSize(whole.shape, crops, blockShape.length);
    const size = whole.shape.map((length, dim) => sizes[dim] ?? length);
    const result = slice(backend, [whole, begin, size])[0]!;
    backend.disposeIntermediate(whole);
    return result;
  }),
  kernel<DepthToSpaceAttrs>("DepthToSpace", {
    args: ({ x }, { blockSize, dataFormat }) => {
      util.assert(blockSize > 1, () => `torch DepthToSpace: blockSize must be > 1, got ${blockSize}.`);
      return [x!, blockSize, dataFormat === "NHWC"];
    },
  }),
];
