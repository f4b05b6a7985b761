// N ranks with a part of each batch each give what one rank gives with whole batches. Argument: an empty folder.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Communicator } from "@graticule/mpi";
import { Linear, type Module } from "@graticule/nn";
import { loadCheckpoint } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { dataParallel, makeMesh } from "../../src/index.js";
import { onFirstRanks, runRankCases } from "../fixtures/rank-cases.js";
import { relativeError } from "../fixtures/relative-error.js";
import { makeTiny } from "../fixtures/tiny-models.js";
import { openTorch, readCurve, readWeights, type TinyTraining, trainTiny } from "../fixtures/tiny-training.js";

const folder = process.argv[2] as string;
await openTorch();

/** float32 sums in another order, of the largest value. */
const TOLERANCE = 1e-5;

/** Weights that the strategy has to bring from rank 0. */
function clear(model: Module): void {
  tf.tidy(() => {
    for (const [, { variable }] of model.namedParameters()) variable.assign(tf.zerosLike(variable));
  });
}

async function trainOn(
  world: Communicator,
  name: "mae" | "forecaster",
  options: Omit<TinyTraining, "runFolder"> & { readonly runName?: string },
): Promise<{ curve: number[][]; weights: Map<string, Float32Array> }> {
  const mesh = makeMesh(world);
  const tiny = makeTiny(name);
  if (world.rank > 0) clear(tiny.model);
  const runFolder = join(folder, options.runName ?? `${name}-${world.size}-${options.gradAccumSteps ?? 1}`);
  const strategy = dataParallel(tiny.model, mesh, { bucketMegabytes: 0.02 });
  const shard = { rank: mesh.data.rank, worldSize: mesh.data.size };
  await trainTiny(tiny, { ...options, runFolder, strategy, shard });
  const result = { curve: await readCurve(runFolder), weights: readWeights(tiny.model) };
  tiny.model.dispose();
  mesh.free();
  return result;
}

await runRankCases({
  "writes one checkpoint, and goes on from it on another number of ranks": async (world) => {
    const straight = await trainOn(world, "mae", { totalSteps: 6, runName: "straight" });
    await trainOn(world, "mae", { totalSteps: 3, runName: "resumed" });
    await onFirstRanks(world, 2, async (pair) => {
      const { curve, weights } = await trainOn(pair, "mae", { totalSteps: 6, resume: true, runName: "resumed" });
      assert.ok(relativeError(curve.flat(), straight.curve.flat()) < TOLERANCE);
      for (const [path, values] of straight.weights)
        assert.ok(relativeError(weights.get(path) ?? [], values) < TOLERANCE);
    });
    const { model } = makeTiny("mae");
    const { samplesSeen } = await loadCheckpoint(join(folder, "straight/checkpoints/step-00000006"), { model });
    assert.equal(samplesSeen, 48);
    assert.ok(!existsSync(join(folder, "straight/checkpoints/step-00000003")));
    model.dispose();
  },
  "stops every rank alike when one has a gradient that is not finite": async (world) => {
    const tiny = makeTiny("mae");
    const { loss } = tiny;
    const broken = (...args: Parameters<typeof loss>) =>
      tf.mul(loss(...args), world.rank === 2 ? Number.NaN : 1) as tf.Scalar;
    const mesh = makeMesh(world);
    const strategy = dataParallel(tiny.model, mesh);
    const before = readWeights(tiny.model);
    const run = trainTiny(
      { ...tiny, loss: broken },
      {
        runFolder: join(folder, "broken"),
        strategy,
        shard: { rank: world.rank, worldSize: world.size },
        totalSteps: 2,
      },
    );
    await assert.rejects(run, /step 1: expected a finite loss and gradients, got loss NaN/);
    assert.deepEqual(readWeights(tiny.model), before);
    tiny.model.dispose();
    mesh.free();
  },
  "counts a gradient that only some ranks have as zero on the others, and leaves out what none has": async (world) => {
    const layer = new Linear(2, 3);
    const mesh = makeMesh(world);
    const strategy = dataParallel(layer, mesh);
    if (world.rank === 1) strategy.takeGradient("bias", tf.keep(tf.tensor1d([4, 8, 12])), true);
    const gradients = await strategy.finishGradients();
    assert.deepEqual([...gradients.keys()], ["bias"]);
    assert.deepEqual([...(gradients.get("bias")?.dataSync() ?? [])], [1, 2, 3]);
    strategy.releaseGradients();
    assert.deepEqual(await strategy.gather(`rank ${world.rank}`), ["rank 0", "rank 1", "rank 2", "rank 3"]);
    layer.dispose();
    mesh.free();
  },
});
