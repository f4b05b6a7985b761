import { ConfigError, type Logger } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";
import { type Mesh, makeMesh } from "@graticule/parallel";
import type { BackendConfig } from "../backend-config.js";
import { meshSizes, type ParallelConfig } from "./parallel-config.js";
import { placeRanks, type RankPlace } from "./place-ranks.js";

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
export interface RankShare extends RankPlace {
  readonly mesh: Mesh;
  /** Samples of this rank's part of a micro-batch. */
  readonly batchSize: number;
  /** The part of the data, for the loader. */
  readonly shard: { readonly rank: number; readonly worldSize: number };
}

/**
 * Divides a run among the ranks, which keep its batches and thus its results; those along `tp` share the data of one.
 * Collective.
 *
 * @throws {ConfigError} if the ranks can't be divided as the settings say, don't divide `train.microBatchSize`, or have no
 * GPU each where they are to have one.
 */
export async function shareOf(world: Communicator, config: SharedRunConfig, logger: Logger): Promise<RankShare> {
  const dataRanks = assertShared(config, world.size);
  const mesh = makeMesh(world, meshSizes(config.parallel, world.size));
  const batchSize = config.train.microBatchSize / dataRanks;
  const shard = { rank: mesh.data.rank, worldSize: dataRanks };
  const placed = await placeRanks(world, config, describe(config, mesh), logger);
  return { mesh, ...placed, batchSize, shard };
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
