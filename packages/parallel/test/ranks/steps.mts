// What all ranks do alike of a step that is not finite on one, and what of communication goes on behind compute. Two ranks.
// Argument: an empty folder.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { makeLogger } from "@graticule/core";
import type { Communicator } from "@graticule/mpi";
import type { Module } from "@graticule/nn";
import type { Strategy, TrainOptions } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import {
  type BackwardPrefetch,
  dataParallel,
  fullyShard,
  type Mesh,
  makeMesh,
  shardingSizes,
} from "../../src/index.js";
import { runRankCases } from "../fixtures/rank-cases.js";
import { makeTiny, type TinySizes, tinySizes } from "../fixtures/tiny-models.js";
import { openTorch, readCurve, trainTiny } from "../fixtures/tiny-training.js";
import { behindPasses } from "../fixtures/trace-overlap.js";

const folder = process.argv[2] as string;
await openTorch();

type Layout = (model: Module, mesh: Mesh) => Strategy & { readonly dispose?: () => void };

const ddp: Layout = (model, mesh) => dataParallel(model, mesh, { bucketMegabytes: 0.02 });
const fsdp =
  (backwardPrefetch: BackwardPrefetch, forwardPrefetch = false): Layout =>
  (model, mesh) =>
    fullyShard(model, mesh, { units: ["blocks.*", "decoder_blocks.*"], backwardPrefetch, forwardPrefetch });
const layouts = { ddp, fsdp: fsdp("BACKWARD_PRE") };

/** Of blocks that take milliseconds. */
const wide = { ...tinySizes.mae, embedDim: 128, mlpDim: 512, decoderEmbedDim: 128, numHeads: 2 };

/** Trains a masked autoencoder; on rank 1 the loss is not finite in the steps given, counted from 1. */
async function trainOn(
  world: Communicator,
  name: string,
  makeStrategy: Layout,
  options: Partial<TrainOptions>,
  { badSteps = [], sizes = tinySizes.mae }: { readonly badSteps?: readonly number[]; readonly sizes?: TinySizes } = {},
): Promise<{ readonly runFolder: string; readonly lines: readonly string[] }> {
  const isSharded = makeStrategy !== ddp;
  const mesh = makeMesh(world, isSharded ? shardingSizes("FULL_SHARD", world.size) : {});
  const { model, loss, images } = makeTiny("mae", sizes);
  const strategy = makeStrategy(model, mesh);
  const runFolder = join(folder, name);
  const lines: string[] = [];
  const shard = { rank: world.rank, worldSize: world.size };
  const broken: typeof loss = (batch, context) =>
    tf.mul(loss(batch, context), world.rank === 1 && badSteps.includes(context.step + 1) ? Number.NaN : 1) as tf.Scalar;
  const logger = makeLogger((line) => lines.push(line));
  try {
    await trainTiny({ model, loss: broken, images }, { totalSteps: 4, runFolder, strategy, shard, logger, ...options });
  } finally {
    strategy.dispose?.();
    model.dispose();
    mesh.free();
  }
  return { runFolder, lines };
}

/** Collective: rank 0 writes the file. */
async function overlapOf(world: Communicator, runFolder: string): Promise<(operation: string) => number> {
  world.barrier();
  const { traceEvents } = JSON.parse(await readFile(join(runFolder, "trace/trace.json"), "utf8"));
  return (operation) => behindPasses(traceEvents, operation);
}

await runRankCases({
  "stops all ranks alike at a step that is not finite on one": async (world) => {
    for (const [name, layout] of Object.entries(layouts))
      await assert.rejects(
        trainOn(world, `stop-${name}`, layout, {}, { badSteps: [2] }),
        /^NonFiniteError: step 2: expected a finite loss and gradients, got loss NaN and a gradient of/,
      );
  },
  "skips it alike on all ranks, which go on in step": async (world) => {
    for (const [name, layout] of Object.entries(layouts)) {
      const { runFolder, lines } = await trainOn(
        world,
        `skip-${name}`,
        layout,
        { onNonFinite: "skip" },
        { badSteps: [2] },
      );
      const skips = lines.filter((line) => line.startsWith("warn: step 2: skipped, got loss NaN"));
      assert.equal(skips.length, world.rank === 0 ? 1 : 0);
      const curve = await readCurve(runFolder);
      assert.equal(curve.length, 3);
      assert.ok(curve.flat().every(Number.isFinite));
      const plain = await readCurve((await trainOn(world, `plain-${name}`, layout, {})).runFolder);
      assert.deepEqual(curve[0], plain[0]);
      assert.notDeepEqual(curve[1], plain[2]); // one update behind
    }
  },
  "reduces buckets of gradients behind the backward pass": async (world) => {
    const { runFolder, lines } = await trainOn(world, "trace-ddp", ddp, { traceSteps: [2, 4] }, { sizes: wide });
    const overlap = await overlapOf(world, runFolder);
    assert.ok(overlap("all-reduce") > 0);
    if (world.rank > 0) return;
    assert.match(
      lines.join("\n"),
      /steps 2 to 4 took .*\n {2}rank 0: compute .* % of it behind compute\).*\n {2}rank 1: compute/,
    );
  },
  "gathers parameters behind the passes where it prefetches, and not where it doesn't": async (world) => {
    const times: number[] = [];
    for (const layout of [fsdp("NONE"), fsdp("BACKWARD_PRE", true)]) {
      const options = { traceSteps: [2, 4] } as const;
      const { runFolder } = await trainOn(world, `trace-fsdp-${times.length}`, layout, options, { sizes: wide });
      const overlap = await overlapOf(world, runFolder);
      times.push(overlap("all-gather"));
      assert.ok(overlap("reduce-scatter") > 0);
    }
    const [none, prefetched] = times as [number, number];
    // Without prefetch a gathering blocks its rank as soon as it has begun.
    assert.ok(prefetched > 1.2 * none, `${times} microseconds`);
  },
});
