import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { type Inputs, kernel } from "../define-kernel.js";
import type { Argument } from "../kernel-call.js";

interface PatchAttrs {
  readonly patchSize: number;
  readonly order: "channels-first" | "channels-last";
  /** One for each channel, or none. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

interface PatchErrorAttrs extends PatchAttrs {
  readonly normalize: boolean;
}

function patchArgs(images: TensorInfo, { patchSize, order, mean, std }: PatchAttrs): Argument[] {
  return [images, patchSize, order === "channels-first", mean, ...std];
}

function patchErrorArgs({ prediction, mask, images }: Inputs, attrs: PatchErrorAttrs): Argument[] {
  return [prediction!, mask!, ...patchArgs(images!, attrs), attrs.normalize];
}

/** Patches straight from images, the loss on them, and tokens moved by index. */
export const fusedPatchKernels: KernelConfig[] = [
  kernel<PatchAttrs>("FusedGatherPatches", {
    args: ({ images, patches }, attrs) => [...patchArgs(images!, attrs), patches ?? null],
  }),
  kernel<PatchErrorAttrs>("FusedPatchError", { args: patchErrorArgs }),
  kernel<PatchErrorAttrs>("FusedPatchErrorGrad", {
    args: (inputs, attrs) => [inputs.dy!, ...patchErrorArgs(inputs, attrs)],
  }),
  kernel("FusedGatherTokens", { args: ({ x, indices }) => [x!, indices!] }),
  kernel<{ tokens: number }>("FusedScatterTokens", { args: ({ dy, indices }, { tokens }) => [dy!, indices!, tokens] }),
];
