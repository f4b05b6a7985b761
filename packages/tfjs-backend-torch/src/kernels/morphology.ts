import { backend_util, type Dilation2DAttrs, type KernelConfig } from "@tensorflow/tfjs-core";
import { type Inputs, kernel } from "../define-kernel.js";
import type { Argument } from "../kernel-call.js";
import { type Shape4D, window2d } from "./window.js";

function window({ x, filter }: Inputs, { strides, pad, dilations }: Dilation2DAttrs): Argument[] {
  const shapes = [x!.shape as Shape4D, filter!.shape as [number, number, number]] as const;
  return window2d(backend_util.computeDilation2DInfo(...shapes, strides, pad, "NHWC", dilations), 1);
}

/** Grayscale dilation of images, NHWC, by a filter `[h, w, C]`, and its derivatives. */
export const morphologyKernels: KernelConfig[] = [
  kernel<Dilation2DAttrs>("Dilation2D", {
    args: (inputs, attrs) => [inputs.x!, inputs.filter!, ...window(inputs, attrs)],
  }),
  ...["Dilation2DBackpropInput", "Dilation2DBackpropFilter"].map((name) =>
    kernel<Dilation2DAttrs>(name, {
      args: (inputs, attrs) => [inputs.x!, inputs.filter!, inputs.dy!, ...window(inputs, attrs)],
    }),
  ),
];
