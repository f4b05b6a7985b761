import type { KernelConfig } from "@tensorflow/tfjs-core";
import { type Inputs, kernel } from "../define-kernel.js";
import type { Argument } from "../kernel-call.js";

interface AttentionAttrs {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  readonly causal: boolean;
}

function attentionArgs({ q, k, v, bias }: Inputs, attrs: AttentionAttrs): Argument[] {
  return [q!, k!, v!, bias ?? null, attrs.numHeads, attrs.numKeyValueHeads, attrs.causal];
}

/** Attention over other tokens; one query per sample takes a path of its own. */
export const fusedAttentionKernels: KernelConfig[] = [
  kernel<AttentionAttrs>("FusedAttention", { args: attentionArgs }),
  kernel<AttentionAttrs>("FusedAttentionGrad", {
    args: (inputs, attrs) => [inputs.dy!, inputs.out!, inputs.logSumExp!, ...attentionArgs(inputs, attrs)],
  }),
];
