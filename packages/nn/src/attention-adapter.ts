import type { Tensor } from "@tensorflow/tfjs-core";
import type { Module } from "./module.js";

/** What mixes tokens in an attention's stead while it is its `adapter`: with tokens of its own beside. */
export interface AttentionAdapter extends Module {
  /** As `selfAttention`, of the tokens that `mask`, bool `[B, N]`, is true for: `[B, N, 3D] → [B, N, D]`. */
  mix(qkv: Tensor, numHeads: number, mask?: Tensor): Tensor;
}
