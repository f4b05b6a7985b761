import { ConfigError, type Logger, selectPaths } from "@graticule/core";
import { applyRecompute, type Module } from "@graticule/nn";
import {
  blockPlan,
  crossAttentionPlan,
  dataParallel,
  distributeChannels,
  fullyShard,
  type Mesh,
  openTensorCollectives,
  outputPlan,
  tensorParallel,
} from "@graticule/parallel";
import { type Strategy, singleDevice } from "@graticule/train";
import { engine } from "@tensorflow/tfjs-core";
import type { ParallelConfig } from "./parallel-config.js";

/** Where a family of models can be divided, by patterns of paths. */
export interface ModelDivision {
  /** Transformer blocks: what tensor and sequence parallelism cut, and FSDP's units. */
  readonly blocks: string;
  /** Layers on their own, such as heads: cut where the ranks divide their outputs. */
  readonly outputs: readonly string[];
  /** Trees of channel groups, each with all channels; none of a model without groups. */
  readonly channels: readonly string[];
}

/** What trains a model on this rank. */
export interface DividedModel {
  readonly strategy: Strategy;
  /** Frees what the strategy holds; the model's weights may be gone with it. */
  dispose(): void;
}

/**
 * Divides a model among the ranks of a mesh as a configuration says, in the one order that fits: recompute, groups of
 * channels, layers, then shards or replicas. Changes it in place. Built inside `deferInitialization` no rank ever holds the
 * whole. Collective.
 *
 * @throws {ConfigError} {RangeError} if the model can't be divided so.
 */
export function divideModel(
  model: Module,
  mesh: Mesh,
  division: ModelDivision,
  { parallel, recompute, logger }: { parallel: ParallelConfig; recompute?: string | undefined; logger: Logger },
): DividedModel {
  if (recompute !== undefined) applyRecompute(model, recompute);
  const { backwardPrefetch, forwardPrefetch, computeDtype, reduceDtype, offload, offloadFolder } = parallel;
  const isSharded = mesh.sizes.fsdp > 1 || offload !== "none";
  if (mesh.world.size === 1 && !isSharded) return { strategy: singleDevice(), dispose() {} };
  const travels = openTensorCollectives(mesh);
  if (travels !== undefined) logger.info(`tensors go between GPUs by ${travels}`);
  const tp = mesh.axis("tp");
  if (parallel.dchag) for (const path of division.channels) distributeChannels(model, tp, path);
  if (tp.size > 1) cutLayers(model, mesh, division, parallel, logger);
  if (!isSharded) return { strategy: dataParallel(model, mesh), dispose() {} };
  if (engine().backendName !== "torch")
    throw new ConfigError(
      `parallel: expected sharding NO_SHARD and offload none on backend ${engine().backendName}, ` +
        `got ${parallel.sharding} and ${offload}. Shards need backend torch.`,
    );
  const strategy = fullyShard(model, mesh, {
    units: [division.blocks],
    reshardAfterForward: parallel.sharding !== "SHARD_GRAD_OP",
    ...{ backwardPrefetch, forwardPrefetch, computeDtype, reduceDtype, offload },
    ...(offloadFolder !== undefined && { offloadFolder }),
  });
  return { strategy, dispose: () => strategy.dispose() };
}

function cutLayers(
  model: Module,
  mesh: Mesh,
  { blocks, outputs, channels }: ModelDivision,
  { sequence, dchag }: ParallelConfig,
  logger: Logger,
): void {
  const tp = mesh.axis("tp");
  const parameters = new Map(model.namedParameters());
  const layers = outputs
    .flatMap((pattern) => selectPaths(`${pattern}.weight`, parameters.keys()))
    .map((path) => path.replace(/\.weight$/, ""));
  const isCut = (layer: string): boolean => (parameters.get(`${layer}.weight`)?.globalShape[0] ?? 0) % tp.size === 0;
  const whole = layers.filter((layer) => !isCut(layer));
  if (whole.length > 0)
    logger.info(`each rank has all of ${whole.join(", ")}: tp ${tp.size} does not divide the outputs`);
  const plan = [
    ...blockPlan(blocks),
    ...layers.filter(isCut).flatMap(outputPlan),
    ...channels.flatMap((tree) => crossAttentionPlan(dchag ? `${tree}.attn` : `${tree}.**.attn`)),
  ];
  tensorParallel(model, tp, plan, sequence ? { sequence: blocks } : {});
}
