import { ConfigError, type Logger, makeLogger } from "@graticule/core";
import { type Communicator, detectLauncher, gatherPlacements, mpiLibraryVersion } from "@graticule/mpi";
import { type Mesh, makeMesh } from "@graticule/parallel";
import { countGpus } from "@graticule/train";
import type { BackendConfig } from "../backend-config.js";
import { formatTable } from "../command-line.js";
import { meshSizes, type ParallelConfig } from "./parallel-config.js";
import { assertOwnGpus, rankDevice } from "./rank-device.js";

/** What of a run's settings says how its ranks share it. */
export interface SharedRunConfig {
  readonly backend: BackendConfig;
  readonly parallel: ParallelConfig;
  readonly train: { readonly microBatchSize: number };
  /** A model with groups of channels says how many. */
  readonly model: {
    readonly kind?: string;
    readonly preset?: string;
    readonly tree?: string;
    readonly groups?: number | undefined;
  };
}

/** What one rank does of a run. */
export interface RankShare {
  readonly mesh: Mesh;
  readonly backend: BackendConfig;
  /** Samples of this rank's part of a micro-batch. */
  readonly batchSize: number;
  /** The part of the data, for the loader. */
  readonly shard: { readonly rank: number; readonly worldSize: number };
  /** Rank 0 speaks for all; the others only warn. */
  readonly logger: Logger;
}

/**
 * Divides a run among the ranks, which keep its batches and thus its results; those along `tp` share the data of one.
 * Collective.
 *
 * @throws {ConfigError} if the ranks can't be divided as the settings say, don't divide `train.microBatchSize`, or have no
 * GPU each where they are to have one.
 */
export async function shareOf(world: Communicator, config: SharedRunConfig, logger: Logger): Promise<RankShare> {
  const { rank, size } = world;
  const dataRanks = assertShared(config, size);
  const mesh = makeMesh(world, meshSizes(config.parallel, size));
  const batchSize = config.train.microBatchSize / dataRanks;
  const shard = { rank: mesh.data.rank, worldSize: dataRanks };
  if (size === 1) return { mesh, backend: config.backend, batchSize, shard, logger };
  const { device, threads } = config.backend;
  const gpuCount = device === "cuda" ? await countGpus() : 0;
  const placements = gatherPlacements(world, (localRank) => rankDevice(device, localRank, gpuCount));
  if (!config.parallel.shareGpus) assertOwnGpus(placements);
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
      `${size} ranks, ${describe(config, mesh)}, of ${detectLauncher()?.launcher} on ${mpiLibraryVersion().split(",")[0]}\n${table}`,
    );
  }
  return {
    mesh,
    backend: { ...config.backend, device: own.device, threads: threads || own.threads },
    batchSize,
    shard,
    logger: rank === 0 ? logger : makeLogger((line) => logger.warn(`rank ${rank}: ${line}`), "warn"),
  };
}

function describe({ parallel }: SharedRunConfig, { sizes: { dp, fsdp, tp } }: Mesh): string {
  const ways = [parallel.sharding, parallel.dchag && "D-CHAG", parallel.sequence && "sequence parallel"];
  return `dp ${dp} × fsdp ${fsdp} × tp ${tp} (${ways.filter((way) => way).join(", ")})`;
}

/**
 * Checks that so many ranks can share a run; how many of them get other data each.
 *
 * @throws {ConfigError} as `shareOf`, and if D-CHAG is asked for and `tp` does not divide the groups of channels.
 */
export function assertShared(config: SharedRunConfig, ranks: number): number {
  const { dp, fsdp, tp } = meshSizes(config.parallel, ranks);
  const { microBatchSize } = config.train;
  const { tree = "without groups", groups } = config.model;
  const numGroups = tree.startsWith("tree") ? (groups ?? 0) : 0;
  if (config.parallel.dchag && (numGroups === 0 || numGroups % tp !== 0))
    throw new ConfigError(
      `parallel.dchag: expected a model with groups of channels, as many as parallel.tp ${tp} or a multiple, got ${numGroups > 0 ? `${numGroups} groups` : `a model ${tree}`}. ` +
        `Set model.tree=tree0 and model.groups=${tp}, or parallel.dchag=false.`,
    );
  const dataRanks = dp * fsdp;
  if (microBatchSize % dataRanks === 0) return dataRanks;
  const division = tp > 1 ? ` (${ranks} ÷ tp ${tp})` : "";
  throw new ConfigError(
    `train.microBatchSize: expected a multiple of the ${dataRanks} ranks that share it${division}, got ${microBatchSize}. ` +
      "Choose another, or another number of ranks.",
  );
}
