import { ConfigError } from "@graticule/core";
import type { MeshSizes } from "@graticule/parallel";
import { z } from "zod";

const storedFloat = z.enum(["float32", "bfloat16"]);

/** How the ranks of a run share its model; what `tp` leaves of them get other data each. None of it changes the result. */
export const parallelConfig = z.strictObject({
  /** Ranks that divide layers: heads of attention, widths of MLPs (tensor parallelism). */
  tp: z.int().min(1).default(1),
  /** Divides the tokens between those layers among the same ranks. */
  sequence: z.boolean().default(false),
  /** Divides the groups of channels among the same ranks (D-CHAG); needs a model with groups. */
  dchag: z.boolean().default(false),
  /** Whether the other ranks hold the model's state in shards: `NO_SHARD` replicates it. More than that needs backend torch. */
  sharding: z.enum(["NO_SHARD", "SHARD_GRAD_OP", "FULL_SHARD", "HYBRID_SHARD"]).default("NO_SHARD"),
  /** Ranks of one replica; of HYBRID_SHARD alone, which needs it. */
  shardSize: z.int().min(1).optional(),
  /** When a block's parameters are gathered for the backward pass. */
  backwardPrefetch: z.enum(["NONE", "BACKWARD_POST", "BACKWARD_PRE"]).default("BACKWARD_PRE"),
  /** Gathers the next block while one computes. */
  forwardPrefetch: z.boolean().default(false),
  /** What shards are gathered in, and what their gradients are summed in; `bfloat16` halves what is sent and rounds it. */
  computeDtype: storedFloat.default("float32"),
  reduceDtype: storedFloat.default("float32"),
  /**
   * Keeps shards and the optimizer's moments in the host's memory, for a model on a GPU, or in files of `offloadFolder`, so
   * that a model trains whose state memory can't hold; slower. Works on one rank too. Needs backend torch.
   */
  offload: z.enum(["none", "host", "disk"]).default("none"),
  /** A folder on a fast disk of each machine. */
  offloadFolder: z.string().min(1).optional(),
  /** What carries tensors between GPUs; `auto`: NCCL, or RCCL, where each rank has it and a GPU of its own, else MPI. */
  deviceCollectives: z.enum(["auto", "nccl", "mpi"]).default("auto"),
  /** Whether several ranks may have the same GPU. */
  shareGpus: z.boolean().default(false),
  /** An exchange between ranks that takes longer ends the run, naming those that are missing. Units: seconds. */
  deadlineSeconds: z.number().gt(0).default(1800),
});

export type ParallelConfig = z.output<typeof parallelConfig>;

/** Settings that may differ when a run is resumed, for the ranks may, too. */
export const parallelMayChange = ["parallel.**"];

/**
 * How many ranks lie along each axis.
 *
 * @throws {ConfigError} if the factors can't make so many ranks; the message has all of them.
 */
export function meshSizes({ tp, sharding, shardSize }: ParallelConfig, ranks: number): MeshSizes {
  const rest = Math.floor(ranks / tp);
  if (sharding === "HYBRID_SHARD" && shardSize === undefined)
    throw new ConfigError("parallel.shardSize: expected the ranks of one replica for HYBRID_SHARD, got none.");
  if (sharding !== "HYBRID_SHARD" && shardSize !== undefined)
    throw new ConfigError(
      `parallel.shardSize: expected it with parallel.sharding=HYBRID_SHARD alone, got it with ${sharding}.`,
    );
  const fsdp = sharding === "NO_SHARD" ? 1 : sharding === "HYBRID_SHARD" ? (shardSize as number) : rest;
  const dp = Math.floor(rest / fsdp);
  if (ranks === dp * fsdp * tp && dp > 0) return { dp, fsdp, tp };
  throw new ConfigError(
    `parallel: expected dp × fsdp × tp to make ${ranks} rank${ranks === 1 ? "" : "s"}, ` +
      `got dp ${Math.max(dp, 1)} × fsdp ${Math.max(fsdp, 1)} × tp ${tp} = ${Math.max(dp, 1) * Math.max(fsdp, 1) * tp}. ` +
      "Choose parallel.tp and parallel.shardSize whose product divides the ranks, or other --ranks.",
  );
}
