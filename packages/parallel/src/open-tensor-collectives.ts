import { openDeviceCollectives } from "@graticule/mpi";
import { getDevice } from "@graticule/tfjs-backend-torch";
import { engine } from "@tensorflow/tfjs-core";
import type { Mesh } from "./mesh.js";

/**
 * How collectives on the tensors of a mesh travel, in words, for a log: by NCCL, or by MPI and why; undefined on the CPU and
 * on one rank. Opens what they need for all ranks. Collective.
 *
 * @throws as `openDeviceCollectives` of @graticule/mpi.
 */
export function openTensorCollectives({ world }: Mesh): string | undefined {
  return engine().backendName === "torch" ? openDeviceCollectives(world, getDevice()) : undefined;
}
