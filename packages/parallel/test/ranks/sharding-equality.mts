// Every way to spread a run over up to 4 ranks, against one rank; each rank reports the rows, those of rank 0 are full.
import { join } from "node:path";
import { closeMpi, openMpi } from "@graticule/mpi";
import {
  blockPlan,
  crossAttentionPlan,
  dataParallel,
  distributeChannels,
  type FullyShardOptions,
  fullyShard,
  outputPlan,
  type ShardingStrategy,
  shardingSizes,
  tensorParallel,
} from "../../src/index.js";
import { onFirstRanks } from "../fixtures/rank-cases.js";
import { reportFromRanks } from "../fixtures/run-ranks.js";
import {
  compare,
  type EqualityRow,
  type Layout,
  readOutcome,
  trainAlone,
  trainOn,
} from "../fixtures/sharding-equality.js";
import { openTorch } from "../fixtures/tiny-training.js";

const folder = process.argv[2] as string;
await openTorch();
const world = openMpi({ timeoutSeconds: 120 });
const plans = {
  mae: [...blockPlan("{blocks,decoder_blocks}.*"), ...outputPlan("decoder_pred")],
  forecaster: [...blockPlan("blocks.*"), ...outputPlan("head.*")],
  "channel groups": [...blockPlan("blocks.*"), ...crossAttentionPlan("channels.attn"), ...outputPlan("head.*")],
};
const units = { mae: ["blocks.*", "decoder_blocks.*"], forecaster: ["blocks.*"], "channel groups": ["blocks.*"] };

const ddp: Layout = {
  name: "DDP",
  sizes: {},
  strategy: (model, mesh) => dataParallel(model, mesh, { bucketMegabytes: 0.02 }),
};

function fsdp(
  ranks: number,
  sharding: ShardingStrategy,
  model: keyof typeof units,
  options: Partial<FullyShardOptions> = {},
  recompute?: string,
): Layout {
  const { backwardPrefetch, forwardPrefetch } = options;
  return {
    name: [sharding, backwardPrefetch, forwardPrefetch && "forward prefetch", recompute && "recompute"]
      .filter(Boolean)
      .join(", "),
    sizes: shardingSizes(sharding, ranks),
    strategy: (module, mesh) =>
      fullyShard(module, mesh, { units: units[model], reshardAfterForward: sharding !== "SHARD_GRAD_OP", ...options }),
    ...(recompute && { recompute }),
  };
}

/** Layers divided along tp in pairs of ranks, and what is left of the ranks for the strategy. */
function withTp(layout: Layout, model: keyof typeof units): Layout {
  return {
    ...layout,
    name: `${layout.name} × tp 2`,
    sizes: { ...layout.sizes, tp: 2 },
    strategy(module, mesh) {
      if (model === "channel groups") distributeChannels(module, mesh.axis("tp"));
      tensorParallel(module, mesh.axis("tp"), plans[model], { sequence: units[model][0] as string });
      return layout.strategy(module, mesh);
    },
  };
}

const layouts = (model: keyof typeof units): readonly (readonly [ranks: number, layout: Layout])[] => [
  [1, fsdp(1, "FULL_SHARD", model)],
  [2, ddp],
  [2, fsdp(2, "FULL_SHARD", model)],
  [2, fsdp(2, "SHARD_GRAD_OP", model, { backwardPrefetch: "BACKWARD_POST", forwardPrefetch: true })],
  [2, fsdp(2, "NO_SHARD", model)],
  [4, ddp],
  [4, fsdp(4, "FULL_SHARD", model, { backwardPrefetch: "BACKWARD_PRE", forwardPrefetch: true })],
  [4, fsdp(4, "FULL_SHARD", model, { backwardPrefetch: "NONE" }, "blocks.*")],
  [4, fsdp(4, "SHARD_GRAD_OP", model)],
  [4, fsdp(4, "HYBRID_SHARD(2)", model, { backwardPrefetch: "BACKWARD_POST" })],
  [4, withTp(ddp, model)],
  [4, withTp(fsdp(2, "FULL_SHARD", model), model)],
];

const rows: EqualityRow[] = [];
for (const model of ["mae", "forecaster", "channel groups"] as const) {
  const options = { totalSteps: 4, gradAccumSteps: model === "mae" ? 2 : 1 };
  const expected = world.rank === 0 ? await trainAlone(model, join(folder, `${model}-alone`), options) : undefined;
  async function check(name: string, runFolder: string): Promise<void> {
    world.barrier();
    if (expected) rows.push(compare(model, name, await readOutcome(model, runFolder, options.totalSteps), expected));
  }
  for (const [at, [ranks, layout]] of layouts(model).entries()) {
    if (ranks > world.size || (model === "channel groups" && !layout.sizes.tp)) continue;
    const runFolder = join(folder, `${model}-${at}`);
    await onFirstRanks(world, ranks, (part) => trainOn(part, model, layout, runFolder, options));
    await check(`${ranks} × ${layout.name}`, runFolder);
  }
  // From mesh to mesh, and from and to one rank.
  const runFolder = join(folder, `${model}-resumed`);
  if (expected) await trainAlone(model, runFolder, { ...options, totalSteps: 1 });
  world.barrier();
  const resume = { ...options, resume: true };
  await trainOn(world, model, fsdp(world.size, "FULL_SHARD", model), runFolder, { ...resume, totalSteps: 2 });
  await trainOn(world, model, withTp(fsdp(world.size / 2, "FULL_SHARD", model), model), runFolder, {
    ...resume,
    totalSteps: 3,
  });
  if (expected) await trainAlone(model, runFolder, resume);
  await check("1 → FULL_SHARD 4 → FULL_SHARD 2 × tp 2 → 1", runFolder);
}
reportFromRanks(world, rows);
closeMpi();
