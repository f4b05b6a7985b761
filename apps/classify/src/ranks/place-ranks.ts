import { type Logger, makeLogger } from "@graticule/core";
import { type Communicator, detectLauncher, gatherPlacements, mpiLibraryVersion } from "@graticule/mpi";
import { countGpus } from "@graticule/train";
import type { BackendConfig } from "../backend-config.js";
import { formatTable } from "../command-line.js";
import type { ParallelConfig } from "./parallel-config.js";
import { assertOwnGpus, rankDevice } from "./rank-device.js";

/** What a rank computes with, and says. */
export interface RankPlace {
  readonly backend: BackendConfig;
  /** Rank 0 speaks for all; the others only warn. */
  readonly logger: Logger;
}

/**
 * Gives each rank its device and threads, and prints them with how the ranks share the work. Collective.
 *
 * @throws {ConfigError} if ranks have no GPU each where they are to have one.
 */
export async function placeRanks(
  world: Communicator,
  { backend, parallel }: { readonly backend: BackendConfig; readonly parallel: ParallelConfig },
  sharing: string,
  logger: Logger,
): Promise<RankPlace> {
  const { rank, size } = world;
  if (size === 1) return { backend, logger };
  const { device, threads } = backend;
  const gpuCount = device === "cuda" ? await countGpus() : 0;
  const placements = gatherPlacements(world, (localRank) => rankDevice(device, localRank, gpuCount));
  if (!parallel.shareGpus) assertOwnGpus(placements);
  const own = placements[rank] as (typeof placements)[number];
  if (rank === 0) {
    const rows = placements.map((each) => [
      each.rank,
      each.localRank,
      each.host,
      each.device,
      each.threads,
      each.binding,
    ]);
    const table = formatTable(
      ["rank", "local rank", "host", "device", "threads", "bound to"],
      rows.map((row) => row.map(String)),
    );
    logger.info(
      `${size} ranks, ${sharing}, of ${detectLauncher()?.launcher} on ${mpiLibraryVersion().split(",")[0]}\n${table}`,
    );
  }
  return {
    backend: { ...backend, device: own.device, threads: threads || own.threads },
    logger: rank === 0 ? logger : makeLogger((line) => logger.warn(`rank ${rank}: ${line}`), "warn"),
  };
}
