import {
  type AvgPool3DAttrs,
  type AvgPoolAttrs,
  backend_util,
  type KernelConfig,
  type MaxPoolWithArgmaxAttrs,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { customKernel, kernel } from "../define-kernel.js";
import { dtypeCode } from "../dtype.js";
import { type Argument, nativeKernel } from "../kernel-call.js";
import { type Info2D, type Info3D, type Shape4D, type Shape5D, window2d, window3d } from "./window.js";

type PoolAttrs = Pick<AvgPoolAttrs, "filterSize" | "strides" | "pad" | "dimRoundingMode">;

interface Pool {
  readonly filter: readonly number[];
  readonly outShape: number[];
  /** Window size, then what src-native/window.cc reads. */
  readonly args: Argument[];
}

function pool2d(x: number[], { filterSize, strides, pad, dimRoundingMode }: PoolAttrs): Pool {
  const info: Info2D = backend_util.computePool2DInfo(x as Shape4D, filterSize, strides, 1, pad, dimRoundingMode);
  const filter = [info.filterHeight, info.filterWidth];
  return { filter, outShape: info.outShape, args: [filter, ...window2d(info, 1)] };
}

function pool3d(x: number[], attrs: PoolAttrs): Pool {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as AvgPool3DAttrs;
  const info: Info3D = backend_util.computePool3DInfo(x as Shape5D, filterSize, strides, 1, pad, dimRoundingMode);
  const filter = [info.filterDepth, info.filterHeight, info.filterWidth];
  return { filter, outShape: info.outShape, args: [filter, ...window3d(info)] };
}

const fill = nativeKernel("Fill");

/** A pool of `x`, which may have no output at all. */
function poolingKernel(name: string, native: string, pool: typeof pool2d): KernelConfig {
  const run = nativeKernel(native);
  return customKernel<PoolAttrs>(name, ({ x }, attrs, backend): TensorInfo => {
    const { filter, outShape, args } = pool(x!.shape, attrs);
    // As every tfjs backend does, whatever strides and padding are.
    const identical = pool === pool2d && filter.every((size) => size === 1) && util.arraysEqual(x!.shape, outShape);
    if (identical) return backend.share(x!, outShape);
    if (outShape.includes(0)) return fill(backend, [outShape, 0, dtypeCode(x!.dtype)])[0]!;
    return run(backend, [x!, ...args])[0]!;
  });
}

const spatialPools = [
  { suffix: "", pool: pool2d },
  { suffix: "3D", pool: pool3d },
];

/** Pooling of images, NHWC, and of volumes, NDHWC. */
export const poolingKernels: KernelConfig[] = [
  ...spatialPools.flatMap(({ suffix, pool }) => [
    poolingKernel(`AvgPool${suffix}`, "AvgPool", pool),
    poolingKernel(`MaxPool${suffix}`, "MaxPool", pool),
    kernel<AvgPoolAttrs>(`AvgPool${suffix}Grad`, {
      native: "AvgPoolGrad",
      args: ({ dy, input }, attrs) => {
        // With "same" the divisor is what the forward pass divided by; explicit padding follows tfjs's own tests.
        const wholeWindow = typeof attrs.pad !== "string";
        return [dy!, input!.shape, wholeWindow, ...pool(input!.shape, attrs).args];
      },
    }),
    kernel<AvgPoolAttrs>(`MaxPool${suffix}Grad`, {
      native: "MaxPoolGrad",
      args: ({ dy, input }, attrs) => [dy!, input!, ...pool(input!.shape, attrs).args],
    }),
  ]),
  kernel<MaxPoolWithArgmaxAttrs>("MaxPoolWithArgmax", {
    args: ({ x }, attrs) => [x!, attrs.includeBatchInIndex, ...pool2d(x!.shape, attrs).args],
  }),
];
