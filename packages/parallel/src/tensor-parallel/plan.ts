/** How a parameter is cut among the ranks of a group. */
export interface Shard {
  /** 0: rows of a weight, its outputs (Megatron's column-parallel layer); 1: its inputs (row-parallel). */
  readonly dim: 0 | 1;
  /** So many equal parts lie one behind the other, and each rank has a piece of every part. */
  readonly parts: number;
  /** Whether a layer that is cut by outputs gives its rank's outputs, or all of them. */
  readonly output: "cut" | "whole";
}

/** Parameter path pattern → how it is cut. What no pattern matches is replicated; one that matches nothing is an error. */
export type TensorParallelPlan = readonly (readonly [pattern: string, shard: Shard])[];

/** A placement; `parts` is 3 for queries, keys and values in one weight. */
export function shard(dim: 0 | 1, options: Partial<Omit<Shard, "dim">> = {}): Shard {
  return { dim, parts: 1, output: "cut", ...options };
}

/**
 * Transformer blocks below a path, such as `blocks.*`: the heads of attention and the width inside the MLP are divided.
 *
 * Source: Shoeybi et al. 2019 (Megatron-LM), §3, arXiv:1909.08053.
 */
export function blockPlan(blocks: string): TensorParallelPlan {
  return [
    [`${blocks}.attn.qkv.{weight,bias}`, shard(0, { parts: 3 })],
    [`${blocks}.attn.proj.weight`, shard(1)],
    [`${blocks}.mlp.fc1.{weight,bias}`, shard(0)],
    [`${blocks}.mlp.fc2.weight`, shard(1)],
  ];
}

/**
 * Cross-attention with separate queries, keys and values below a path: `channels.attn` for the last aggregation of channels,
 * `channels.**.attn` for those of all groups.
 *
 * Source: Tsaris et al. 2025 (D-CHAG), arXiv:2506.21411, its artifact.
 */
export function crossAttentionPlan(attention: string): TensorParallelPlan {
  return [
    [`${attention}.{q,k,v}.*`, shard(0)],
    [`${attention}.proj.weight`, shard(1)],
  ];
}

/** A linear layer on its own, such as a head or a patch embedding: each rank makes some outputs, and all get all of them. */
export function outputPlan(layer: string): TensorParallelPlan {
  return [[`${layer}.{weight,bias}`, shard(0, { output: "whole" })]];
}
