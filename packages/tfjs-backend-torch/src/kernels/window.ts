import {
  backend_util,
  type Conv2DAttrs,
  type Conv2DBackpropFilterAttrs,
  type Conv2DBackpropInputAttrs,
  type Conv3DAttrs,
  type Conv3DBackpropFilterV2Attrs,
  type Conv3DBackpropInputV2Attrs,
  type DepthwiseConv2dNativeAttrs,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type FusedConv2DAttrs,
  type KernelConfig,
} from "@tensorflow/tfjs-core";
import { type Inputs, kernel } from "../define-kernel.js";
import type { Argument } from "../kernel-call.js";
import { activationCode } from "./matmul.js";

export type Shape4D = [number, number, number, number];
export type Shape5D = [number, number, number, number, number];
export type Info2D = ReturnType<typeof backend_util.computeConv2DInfo>;
export type Info3D = ReturnType<typeof backend_util.computeConv3DInfo>;

/** Padding before, and as much after as the last window reaches: rounding up may let it reach past the padding asked for. */
function reach(size: number, out: number, stride: number, filter: number, before: number): [number, number] {
  return [before, Math.max(0, (out - 1) * stride + filter - size - before)];
}

/** Strides, padding (before, after of each spatial dim), dilations, channels last?, groups. */
export function window2d(info: Info2D, groups: number): Argument[] {
  const { padInfo } = info;
  return [
    [info.strideHeight, info.strideWidth],
    [
      ...reach(info.inHeight, info.outHeight, info.strideHeight, info.effectiveFilterHeight, padInfo.top),
      ...reach(info.inWidth, info.outWidth, info.strideWidth, info.effectiveFilterWidth, padInfo.left),
    ],
    [info.dilationHeight, info.dilationWidth],
    info.dataFormat === "channelsLast",
    groups,
  ];
}

export function window3d(info: Info3D): Argument[] {
  const { padInfo } = info;
  return [
    [info.strideDepth, info.strideHeight, info.strideWidth],
    [
      ...reach(info.inDepth, info.outDepth, info.strideDepth, info.effectiveFilterDepth, padInfo.front),
      ...reach(info.inHeight, info.outHeight, info.strideHeight, info.effectiveFilterHeight, padInfo.top),
      ...reach(info.inWidth, info.outWidth, info.strideWidth, info.effectiveFilterWidth, padInfo.left),
    ],
    [info.dilationDepth, info.dilationHeight, info.dilationWidth],
    info.dataFormat === "channelsLast",
    1,
  ];
}

interface ConvAttrs extends Pick<Conv2DAttrs, "strides" | "pad"> {
  readonly dataFormat?: "NHWC" | "NCHW";
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

function conv2d(x: number[], filter: number[], attrs: ConvAttrs, depthwise = false): Argument[] {
  const { strides, dilations, pad, dimRoundingMode, dataFormat } = attrs;
  const format = backend_util.convertConv2DDataFormat(dataFormat ?? "NHWC");
  const shapes = [x as Shape4D, filter as Shape4D] as const;
  const info = backend_util.computeConv2DInfo(
    ...shapes,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
    format,
  );
  return window2d(info, depthwise ? info.inChannels : 1);
}

function conv3d(
  x: number[],
  filter: number[],
  attrs: Pick<Conv3DAttrs, "strides" | "pad">,
  dilations: Conv3DAttrs["dilations"] = 1,
): Argument[] {
  const { strides, pad } = attrs;
  return window3d(backend_util.computeConv3DInfo(x as Shape5D, filter as Shape5D, strides, dilations, pad));
}

function fusedConv(inputs: Inputs, attrs: FusedConv2DAttrs, depthwise: boolean): Argument[] {
  const { x, filter, bias, preluActivationWeights } = inputs;
  const { activation, leakyreluAlpha } = attrs;
  const tensors = [x!, filter!, bias ?? null, preluActivationWeights ?? null];
  const code = activationCode(activation);
  return [...tensors, depthwise, code, leakyreluAlpha ?? 0.2, ...conv2d(x!.shape, filter!.shape, attrs, depthwise)];
}

/** Convolutions; images are NHWC (or NCHW where tfjs allows it), filters HWIO. */
export const windowKernels: KernelConfig[] = [
  kernel<Conv2DAttrs>("Conv2D", {
    native: "Conv",
    args: ({ x, filter }, attrs) => [x!, filter!, ...conv2d(x!.shape, filter!.shape, attrs)],
  }),
  kernel<Conv2DBackpropInputAttrs>("Conv2DBackpropInput", {
    native: "ConvBackpropInput",
    args: ({ dy, filter }, attrs) => [
      dy!,
      filter!,
      attrs.inputShape,
      ...conv2d(attrs.inputShape, filter!.shape, attrs),
    ],
  }),
  kernel<Conv2DBackpropFilterAttrs>("Conv2DBackpropFilter", {
    native: "ConvBackpropFilter",
    args: ({ x, dy }, attrs) => [x!, dy!, attrs.filterShape, ...conv2d(x!.shape, attrs.filterShape, attrs)],
  }),
  kernel<Conv3DAttrs>("Conv3D", {
    native: "Conv",
    args: ({ x, filter }, attrs) => [x!, filter!, ...conv3d(x!.shape, filter!.shape, attrs, attrs.dilations)],
  }),
  kernel<Conv3DBackpropInputV2Attrs>("Conv3DBackpropInputV2", {
    native: "ConvBackpropInput",
    args: ({ dy, filter }, attrs) => [
      dy!,
      filter!,
      attrs.inputShape,
      ...conv3d(attrs.inputShape, filter!.shape, attrs),
    ],
  }),
  kernel<Conv3DBackpropFilterV2Attrs>("Conv3DBackpropFilterV2", {
    native: "ConvBackpropFilter",
    args: ({ x, dy }, attrs) => [x!, dy!, attrs.filterShape, ...conv3d(x!.shape, attrs.filterShape, attrs)],
  }),
  kernel<DepthwiseConv2dNativeAttrs>("DepthwiseConv2dNative", {
    native: "DepthwiseConv",
    args: ({ x, filter }, attrs) => [x!, filter!, ...conv2d(x!.shape, filter!.shape, attrs, true)],
  }),
  kernel<DepthwiseConv2dNativeBackpropInputAttrs>("DepthwiseConv2dNativeBackpropInput", {
    native: "DepthwiseConvBackpropInput",
    args: ({ dy, filter }, attrs) => [
      dy!,
      filter!,
      attrs.inputShape,
      ...conv2d(attrs.inputShape, filter!.shape, attrs, true),
    ],
  }),
  kernel<DepthwiseConv2dNativeBackpropFilterAttrs>("DepthwiseConv2dNativeBackpropFilter", {
    native: "DepthwiseConvBackpropFilter",
    args: ({ x, dy }, attrs) => [x!, dy!, attrs.filterShape, ...conv2d(x!.shape, attrs.filterShape, attrs, true)],
  }),
  kernel<FusedConv2DAttrs>("FusedConv2D", { args: (inputs, attrs) => fusedConv(inputs, attrs, false) }),
  kernel<FusedConv2DAttrs>("FusedDepthwiseConv2D", {
    native: "FusedConv2D",
    args: (inputs, attrs) => fusedConv(inputs, attrs, true),
  }),
];
