import { ConfigError } from "@graticule/core";
import type { RankPlacement } from "@graticule/mpi";

/**
 * A rank's device: of `cuda` without a number, each its own GPU, by the place among the ranks of its host.
 *
 * @throws {ConfigError} if it is of `cuda` and there is no GPU.
 */
export function rankDevice(device: string, localRank: number, gpuCount: number): string {
  if (device !== "cuda") return device;
  if (gpuCount === 0)
    throw new ConfigError(
      "backend.device: expected a GPU for cuda, got none that LibTorch sees. Use backend.device=cpu, or a LibTorch with CUDA or ROCm.",
    );
  return `cuda:${localRank % gpuCount}`;
}

/**
 * Checks that no two ranks have the same GPU.
 *
 * @throws {ConfigError} naming the first that have.
 */
export function assertOwnGpus(placements: readonly RankPlacement[]): void {
  const holders = new Map<string, RankPlacement>();
  for (const each of placements) {
    if (!each.device.startsWith("cuda")) continue;
    const gpu = `${each.host} ${each.visibleGpus} ${each.device}`;
    const other = holders.get(gpu);
    if (other)
      throw new ConfigError(
        `backend.device: expected a GPU for each rank, got ${each.device} of ${each.host} for ranks ${other.rank} and ${each.rank}. ` +
          "Start fewer ranks on each machine, or let them share with parallel.shareGpus=true: slower, and without NCCL.",
      );
    holders.set(gpu, each);
  }
}
