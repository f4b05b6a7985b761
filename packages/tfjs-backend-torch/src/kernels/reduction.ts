import {
  type ArgMaxAttrs,
  type BincountAttrs,
  type CumsumAttrs,
  type DenseBincountAttrs,
  type KernelConfig,
  type LogSoftmaxAttrs,
  type MaxAttrs,
  type SoftmaxAttrs,
  type SumAttrs,
  type TopKAttrs,
  util,
} from "@tensorflow/tfjs-core";
import { kernel } from "../define-kernel.js";

const reductionNames = ["Sum", "Mean", "Prod", "All", "Any"];
const extremumNames = ["Max", "Min"];

/** Reductions, scans, softmax and orderings. */
export const reductionKernels: KernelConfig[] = [
  ...reductionNames.map((name) =>
    kernel<SumAttrs>(name, {
      args: ({ x }, { axis, keepDims }) => [x!, util.parseAxisParam(axis, x!.shape), Boolean(keepDims)],
    }),
  ),
  ...extremumNames.map((name) =>
    kernel<MaxAttrs>(name, {
      args: ({ x }, attrs) => {
        const axis = attrs.reductionIndices ?? (attrs as unknown as SumAttrs).axis;
        return [x!, util.parseAxisParam(axis, x!.shape), Boolean(attrs.keepDims)];
      },
    }),
  ),
  ...["ArgMax", "ArgMin"].map((name) =>
    kernel<ArgMaxAttrs>(name, { args: ({ x }, { axis }) => [x!, util.parseAxisParam(axis, x!.shape)[0] ?? 0] }),
  ),
  ...["Cumsum", "Cumprod"].map((name) =>
    kernel<CumsumAttrs>(name, {
      args: ({ x }, { axis, exclusive, reverse }) => [x!, axis, Boolean(exclusive), Boolean(reverse)],
    }),
  ),
  kernel<SoftmaxAttrs>("Softmax", { args: ({ logits }, { dim }) => [logits!, dim] }),
  kernel<LogSoftmaxAttrs>("LogSoftmax", { args: ({ logits }, { axis }) => [logits!, axis] }),
  kernel<TopKAttrs>("TopK", { args: ({ x }, { k }) => [x!, k] }),
  kernel<BincountAttrs>("Bincount", {
    native: "DenseBincount",
    args: ({ x, weights }, { size }) => [{ ...x!, shape: [util.sizeFromShape(x!.shape)] }, weights!, size, false],
  }),
  kernel<DenseBincountAttrs>("DenseBincount", {
    args: ({ x, weights }, { size, binaryOutput }) => [x!, weights!, size, Boolean(binaryOutput)],
  }),
];
