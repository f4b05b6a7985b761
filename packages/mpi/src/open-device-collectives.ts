import type { Communicator } from "./communicator.js";
import { MpiCommunicator } from "./mpi-communicator.js";

/**
 * Makes ready what collectives on a GPU's memory need, which the first of them does otherwise, and says how they travel:
 * `NCCL 2.21.5`; `GPU-aware MPI`; or `MPI, through page-locked host memory`, and why without NCCL and what to install. The
 * same text on every rank. Collective.
 *
 * @param device of this rank, such as `cuda:0`.
 * @returns undefined where there is nothing to be done: on a rank without MPI, or on the CPU.
 * @throws {MissingDependencyError} if the device's runtime can't be loaded.
 * @throws {MpiError} if `deviceCollectives` is `nccl` and that can't be.
 */
export function openDeviceCollectives(communicator: Communicator, device: string): string | undefined {
  if (!(communicator instanceof MpiCommunicator) || !/^(cuda|hip)(:\d+)?$/.test(device)) return undefined;
  const where = `openDeviceCollectives of "${communicator.name}"`;
  return communicator.openDevice(where, device.includes(":") ? device : `${device}:0`);
}
