// LoRA on a frozen model: however it is spread over ranks, it trains as on one. Argument: an empty folder.
import assert from "node:assert/strict";
import { join } from "node:path";
import { addLora } from "@graticule/adapters";
import type { Communicator } from "@graticule/mpi";
import { loadCheckpoint } from "@graticule/train";
import { makeMesh } from "../../src/index.js";
import { applyLayout, type Layout } from "../fixtures/layouts.js";
import { onFirstRanks, runRankCases } from "../fixtures/rank-cases.js";
import { relativeError } from "../fixtures/relative-error.js";
import { makeTiny, tinySizes } from "../fixtures/tiny-models.js";
import { openTorch, readCurve, trainTiny } from "../fixtures/tiny-training.js";

const folder = process.argv[2] as string;
await openTorch();

/** float32 sums in another order, of the largest value. */
const TOLERANCE = 1e-5;

function makeAdapted() {
  const tiny = makeTiny("classifier", { ...tinySizes.classifier, depth: 2 });
  const targets = ["blocks.**"];
  addLora(tiny.model, { loraRank: 4, loraAlpha: 8, targets, modulesToSave: ["norm"], bias: "lora_only", seed: 2 });
  return tiny;
}

interface Trained {
  readonly curve: number[][];
  readonly weights: ReadonlyMap<string, Float32Array>;
}

async function trainOn(
  world: Communicator,
  layout: Layout,
  {
    name,
    totalSteps = 4,
    resume = false,
  }: { readonly name: string; readonly totalSteps?: number; readonly resume?: boolean },
): Promise<Trained> {
  const runFolder = join(folder, name);
  const mesh = makeMesh(world, layout.sizes);
  const tiny = makeAdapted();
  const strategy = applyLayout("classifier", tiny.model, mesh, layout);
  const shard = { rank: mesh.data.rank, worldSize: mesh.data.size };
  await trainTiny(tiny, { runFolder, strategy, shard, totalSteps, resume });
  world.barrier();
  strategy.dispose?.();
  mesh.free();
  const { model } = makeAdapted();
  await loadCheckpoint(join(runFolder, `checkpoints/step-0000000${totalSteps}`), { model });
  const weights = new Map(
    model.namedParameters().map(([path, { variable }]) => [path, Float32Array.from(variable.dataSync())]),
  );
  model.dispose();
  return { curve: await readCurve(runFolder), weights };
}

/** What one rank makes of it; the others read it. */
async function alone(world: Communicator): Promise<Trained> {
  let trained: Trained | undefined;
  await onFirstRanks(world, 1, async (first) => {
    trained = await trainOn(first, { sizes: {}, divided: [] }, { name: "alone" });
  });
  return trained ?? { curve: [], weights: new Map() };
}

function assertSame(world: Communicator, got: Trained, expected: Trained): void {
  if (world.rank > 0) return;
  assert.ok(relativeError(got.curve.flat(), expected.curve.flat()) < TOLERANCE, "curves differ");
  for (const [path, values] of expected.weights) {
    const error = relativeError(got.weights.get(path) ?? [], values);
    assert.ok(error < TOLERANCE, `${path} differs by ${error}`);
  }
}

let expected: Trained = { curve: [], weights: new Map() };

const layouts: Readonly<Record<string, Layout>> = {
  dp: { sizes: {}, divided: [] },
  "dp with recompute": { sizes: {}, divided: [], recompute: true },
  fsdp: { sizes: { fsdp: 2 }, divided: [], sharding: "FULL_SHARD" },
  tp: { sizes: { tp: 2 }, divided: ["tp"] },
  sp: { sizes: { tp: 2 }, divided: ["tp", "sp"] },
};

await runRankCases({
  "on one rank the base stays as it was": async (world) => {
    expected = await alone(world);
    if (world.rank > 0) return;
    const { model } = makeAdapted();
    for (const [path, { variable, trainable }] of model.namedParameters()) {
      const isSame = relativeError(expected.weights.get(path) ?? [], variable.dataSync()) === 0;
      // A key's bias changes no weight of attention: its gradient is rounding alone.
      assert.ok(trainable ? !isSame : isSame, `${path} ${isSame ? "stayed" : "changed"}`);
    }
  },
  ...Object.fromEntries(
    Object.entries(layouts).map(([name, layout]) => [
      `with ${name}`,
      async (world: Communicator) => assertSame(world, await trainOn(world, layout, { name }), expected),
    ]),
  ),
  "resumed with fsdp": async (world) => {
    const { fsdp } = layouts;
    await trainOn(world, fsdp as Layout, { name: "resumed", totalSteps: 2 });
    assertSame(world, await trainOn(world, fsdp as Layout, { name: "resumed", resume: true }), expected);
  },
});
