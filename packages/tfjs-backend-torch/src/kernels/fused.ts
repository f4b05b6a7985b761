import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { customKernel, type Inputs, kernel } from "../define-kernel.js";
import { nativeKernel } from "../kernel-call.js";

interface LinearAttrs {
  readonly inputActivation: "none" | "gelu";
  readonly hasBias?: boolean;
  /** Leaves out the gradient of the input. */
  readonly weightOnly?: boolean;
  /** Leaves out the gradient of the weight. */
  readonly fixedWeight?: boolean;
}

interface AdamWAttrs {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly step: number;
  readonly gradScale: number;
}

const adamW = nativeKernel("FusedAdamW");

function adamWArgs(inputs: Inputs, attrs: AdamWAttrs): (TensorInfo | number)[] {
  const { param, grad, firstMoment, secondMoment } = inputs;
  const { learningRate, beta1, beta2, epsilon, weightDecay, step, gradScale } = attrs;
  const numbers = [learningRate, beta1, beta2, epsilon, weightDecay, step, gradScale];
  return [param!, grad!, firstMoment!, secondMoment!, ...numbers];
}

/** Kernels that tfjs has no name for; the ops package calls them by name where they exist. Weights are [out, in]. */
export const fusedKernels: KernelConfig[] = [
  kernel<LinearAttrs>("FusedLinear", {
    args: ({ x, weight, bias, residual, added, addedWeight }, { inputActivation }) => [
      x!,
      weight!,
      bias ?? null,
      residual ?? null,
      added ?? null,
      addedWeight ?? null,
      inputActivation === "gelu",
    ],
  }),
  kernel<LinearAttrs>("FusedLinearGrad", {
    args: ({ dy, x, weight, added, addedWeight }, { inputActivation, hasBias, weightOnly, fixedWeight }) => [
      dy!,
      x ?? null,
      weight!,
      added ?? null,
      addedWeight ?? null,
      inputActivation === "gelu",
      Boolean(hasBias),
      !weightOnly,
      !fixedWeight,
    ],
  }),
  kernel<{ epsilon: number; forGradient?: boolean }>("FusedLayerNorm", {
    args: ({ x, gamma, beta }, { epsilon, forGradient = false }) => [x!, gamma!, beta!, epsilon, forGradient],
  }),
  kernel("FusedScaleRows", { args: ({ x, gamma, beta }) => [x!, gamma!, beta!] }),
  kernel("FusedLayerNormGrad", { args: ({ dy, x, gamma, mean, rstd }) => [dy!, x!, gamma!, mean!, rstd!] }),
  kernel<{ numHeads: number }>("FusedSelfAttention", { args: ({ qkv }, { numHeads }) => [qkv!, numHeads] }),
  kernel<{ numHeads: number }>("FusedSelfAttentionGrad", {
    args: ({ dy, qkv, out, logSumExp }, { numHeads }) => [dy!, qkv!, out!, logSumExp!, numHeads],
  }),
  kernel("FusedGelu", { args: ({ x }) => [x!] }),
  kernel("FusedGeluGrad", { args: ({ dy, x }) => [dy!, x!] }),
  kernel("SumOfSquares", { args: ({ x }) => [x!] }),
  customKernel<AdamWAttrs>("FusedAdamW", (inputs, attrs, backend) => adamW(backend, adamWArgs(inputs, attrs))),
];
