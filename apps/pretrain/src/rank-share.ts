import { formatTable } from "@graticule/classify";
import { ConfigError, type Logger, makeLogger } from "@graticule/core";
import { type Communicator, detectLauncher, gatherPlacements, mpiLibraryVersion } from "@graticule/mpi";
import { dataParallel, makeMesh } from "@graticule/parallel";
import type { TrainOptions } from "@graticule/train";
import type { PretrainConfig } from "./pretrain-config.js";

/** What one rank does of a run. */
export interface RankShare {
  readonly backend: PretrainConfig["backend"];
  /** Samples of this rank's part of a micro-batch. */
  readonly batchSize: number;
  /** The part of the data, for the loader. */
  readonly shard: { readonly rank: number; readonly worldSize: number };
  /** Rank 0 speaks for all; the others only warn. */
  readonly logger: Logger;
  /** Collective. */
  makeStrategy(model: TrainOptions["model"]): TrainOptions["strategy"];
}

/**
 * Divides a run among the ranks, which keep its batches and thus its results. Collective.
 *
 * @throws {ConfigError} if the ranks don't divide `train.microBatchSize`.
 */
export function shareOf(world: Communicator, config: PretrainConfig, logger: Logger): RankShare {
  const { rank, size } = world;
  assertSharedBatch(config, size);
  const batchSize = config.train.microBatchSize / size;
  const shard = { rank, worldSize: size };
  if (size === 1) return { backend: config.backend, batchSize, shard, logger, makeStrategy: () => undefined };
  const { device, threads } = config.backend;
  const placements = gatherPlacements(world, (localRank) => (device === "cuda" ? `cuda:${localRank}` : device));
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
    logger.info(`${size} ranks of ${detectLauncher()?.launcher} on ${mpiLibraryVersion()}\n${table}`);
  }
  return {
    backend: { ...config.backend, device: own.device, threads: threads || own.threads },
    batchSize,
    shard,
    logger: rank === 0 ? logger : makeLogger((line) => logger.warn(`rank ${rank}: ${line}`), "warn"),
    makeStrategy: (model) => dataParallel(model, makeMesh(world)),
  };
}

/** @throws {ConfigError} if the ranks don't divide `train.microBatchSize`. */
export function assertSharedBatch({ train: { microBatchSize } }: PretrainConfig, ranks: number): void {
  if (microBatchSize % ranks !== 0)
    throw new ConfigError(
      `train.microBatchSize: expected a multiple of the ${ranks} ranks that share it, got ${microBatchSize}. ` +
        "Choose another, or another number of ranks.",
    );
}
