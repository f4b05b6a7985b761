/**
 * Training over MPI ranks.
 *
 * ```ts
 * import { openMpi } from "@graticule/mpi";
 * import { makeMesh } from "@graticule/parallel";
 *
 * const mesh = makeMesh(openMpi(), { fsdp: 2, tp: 4 }); // dp takes what is left of the ranks
 * const { rank, size } = mesh.axis("tp");
 * const shard = { rank: mesh.data.rank, worldSize: mesh.data.size }; // for the loader
 * ```
 */

export { distributeChannels } from "./dchag/distribute-channels.js";
export { type Mesh, type MeshAxis, type MeshSizes, makeMesh } from "./mesh.js";
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
