/**
 * Training over MPI ranks.
 *
 * ```ts
 * import { openMpi } from "@graticule/mpi";
 * import { dataParallel, makeMesh } from "@graticule/parallel";
 *
 * const mesh = makeMesh(openMpi()); // mpirun -np 4 node pretrain.mjs: dp 4
 * const shard = { rank: mesh.data.rank, worldSize: mesh.data.size }; // for the loader
 * await train({ ...options, strategy: dataParallel(model, mesh) });
 * ```
 */
export { distributeChannels } from "./dchag/distribute-channels.js";
export { type DataParallel, type DataParallelOptions, dataParallel } from "./ddp/data-parallel.js";
export { type FullyShard, type FullyShardOptions, fullyShard } from "./fsdp/fully-shard.js";
export { type ShardingStrategy, shardingSizes } from "./fsdp/sharding.js";
export type { BackwardPrefetch } from "./fsdp/unit-schedule.js";
export { type Mesh, type MeshAxis, type MeshSizes, makeMesh } from "./mesh.js";
export { openTensorCollectives } from "./open-tensor-collectives.js";
export type { OwnedPart } from "./owned-part.js";
export type { StepNumbers } from "./reduce-statistics.js";
export { gradientNormOfGroup } from "./tensor-parallel/gradient-norm.js";
export {
  type AlongDim,
  copyToGroup,
  gatherFromGroup,
  gatherToGroup,
  reduceFromGroup,
  reduceScatterFromGroup,
  scatterToGroup,
} from "./tensor-parallel/group-operations.js";
export {
  blockPlan,
  crossAttentionPlan,
  outputPlan,
  type Shard,
  shard,
  type TensorParallelPlan,
} from "./tensor-parallel/plan.js";
export { type TensorParallelOptions, tensorParallel } from "./tensor-parallel/tensor-parallel.js";
