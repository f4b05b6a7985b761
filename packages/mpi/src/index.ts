/**
 * The system's MPI from Node.
 *
 * ```ts
 * import { openMpi } from "@graticule/mpi"; // mpirun -np 4 node average.mjs
 *
 * const world = openMpi({ timeoutSeconds: 60 });
 * const values = Float32Array.of(world.rank, 1);
 * world.allReduce(values); // [0 + 1 + 2 + 3, 4] on every rank
 * await world.startAllReduce(values, { reduction: "max" }).wait();
 * ```
 */
export type { HalfArray, MpiBuffer, NativeMemory } from "./buffer.js";
export type { Communicator, RaggedOptions, Reduction, ReductionOptions, Request } from "./communicator.js";
export type { DeviceCollectives } from "./device-collectives.js";
export type { ElementArray, ElementType } from "./element-type.js";
export { MpiError, MpiMismatchError } from "./errors.js";
export { defaultThreadsPerRank, type LaunchCommandOptions, launchCommand } from "./launch-command.js";
export { detectLauncher, type LaunchEnvironment } from "./launcher.js";
export { chooseMpiBuild, type MpiBuild, type MpiImplementation, mpiBuilds } from "./native.js";
export { openDeviceCollectives } from "./open-device-collectives.js";
export { abortMpi, closeMpi, mpiLibraryVersion, type OpenMpiOptions, openMpi } from "./open-mpi.js";
export { type OpenedRanks, type OpenRanksOptions, openRanks } from "./open-ranks.js";
export { gatherPlacements, type RankPlacement } from "./rank-placement.js";
export { type OperationRecord, recordOperations } from "./record-operations.js";
export { type SlurmScriptOptions, slurmScript } from "./slurm-script.js";
export { soloCommunicator } from "./solo-communicator.js";
