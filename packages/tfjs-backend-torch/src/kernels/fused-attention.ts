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

function channelAttentionArgs(inputs: Inputs): Argument[] {
  const { patches, scoreWeight, scoreBias, valueWeight, valueBias, mask } = inputs;
  return [patches!, scoreWeight!, scoreBias!, valueWeight!, valueBias!, mask ?? null];
}

function queryAttentionArgs({ tokens, scoreWeight, mask }: Inputs): Argument[] {
  return [tokens!, scoreWeight!, mask ?? null];
}

/** Attention over other tokens; one query per sample takes a path of its own. And of one learned query over tokens or channels. */
export const fusedAttentionKernels: KernelConfig[] = [
  kernel<AttentionAttrs>("FusedAttention", { args: attentionArgs }),
  kernel<AttentionAttrs>("FusedAttentionGrad", {
    args: (inputs, attrs) => [inputs.dy!, inputs.out!, inputs.logSumExp!, ...attentionArgs(inputs, attrs)],
  }),
  kernel("FusedQueryAttention", { args: queryAttentionArgs }),
  kernel("FusedQueryAttentionGrad", {
    args: (inputs) => [inputs.dy!, inputs.logSumExp!, ...queryAttentionArgs(inputs)],
  }),
  kernel("FusedChannelAttention", { args: channelAttentionArgs }),
  kernel("FusedChannelAttentionGrad", { args: (inputs) => [inputs.dy!, ...channelAttentionArgs(inputs)] }),
];
