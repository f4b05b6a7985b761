import { ConfigError, expectation } from "@graticule/core";
import type { MeshSizes } from "../mesh.js";

/**
 * How FSDP holds parameters, gradients and optimizer state. `FULL_SHARD`: all of them in parts, parameters whole only
 * around their use. `SHARD_GRAD_OP`: parameters stay whole from their forward to their backward pass. `NO_SHARD`: whole on
 * every rank. `HYBRID_SHARD(n)`: `FULL_SHARD` in groups of n neighbors, each group a replica.
 *
 * Source: Zhao et al. 2023, §3.2, arXiv:2304.11277.
 */
export type ShardingStrategy = "FULL_SHARD" | "SHARD_GRAD_OP" | "NO_SHARD" | `HYBRID_SHARD(${number})`;

/**
 * The sizes of `dp` and `fsdp` that a strategy asks for, to be given to `makeMesh`.
 *
 * @param ranks those that see other data each: all of the job, divided by tp.
 * @throws {ConfigError} if it is none of the strategies, or n does not divide the ranks.
 */
export function shardingSizes(strategy: ShardingStrategy, ranks: number): Pick<MeshSizes, "dp" | "fsdp"> {
  if (strategy === "NO_SHARD") return { dp: ranks, fsdp: 1 };
  if (strategy === "FULL_SHARD" || strategy === "SHARD_GRAD_OP") return { dp: 1, fsdp: ranks };
  const fsdp = Number(/^HYBRID_SHARD\((\d+)\)$/.exec(strategy)?.[1]);
  if (ranks % fsdp === 0) return { dp: ranks / fsdp, fsdp };
  throw new ConfigError(
    expectation(
      "shardingSizes",
      `FULL_SHARD, SHARD_GRAD_OP, NO_SHARD or HYBRID_SHARD(n) where n divides ${ranks} ranks`,
      strategy,
    ),
  );
}
