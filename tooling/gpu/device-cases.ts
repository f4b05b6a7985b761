import { selfAttention } from "@graticule/ops";
import { composedSelfAttention } from "../../packages/ops/src/self-attention.js";
import { type FusedCase, fusedCases } from "../../packages/ops/test/fused-cases.js";

/**
 * The fused operations' own cases, and attention in the shapes between which devices choose: flash kernels for head widths
 * of ViT and MAE, memory-efficient ones in float32, the composed form for odd widths.
 */
export const deviceCases: Readonly<Record<string, FusedCase>> = {
  ...fusedCases,
  ...attention("ViT-Base", { tokens: 50, numHeads: 2, headDim: 64 }),
  ...attention("ViT-Huge", { tokens: 33, numHeads: 2, headDim: 80 }),
  ...attention("the MAE decoder", { tokens: 197, numHeads: 2, headDim: 32 }),
  ...attention("an odd head width", { tokens: 9, numHeads: 3, headDim: 5 }),
  ...attention("one token", { tokens: 1, numHeads: 2, headDim: 16 }),
};

interface AttentionShape {
  readonly tokens: number;
  readonly numHeads: number;
  readonly headDim: number;
}

function attention(name: string, { tokens, numHeads, headDim }: AttentionShape): Record<string, FusedCase> {
  return {
    [`selfAttention of ${name}`]: {
      shapes: [[2, tokens, 3 * numHeads * headDim]],
      fused: (qkv) => selfAttention(qkv, numHeads),
      composed: (qkv) => composedSelfAttention(qkv, numHeads),
    },
  };
}
