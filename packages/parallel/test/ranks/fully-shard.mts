// What two ranks hold of a sharded model, and when.
import assert from "node:assert/strict";
import { backward } from "@graticule/autodiff";
import { deferInitialization, initialize, Linear, Module, truncNormal } from "@graticule/nn";
import { memoryStats, resetPeakBytes } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { type FullyShardOptions, fullyShard, makeMesh, shardingSizes } from "../../src/index.js";
import { runRankCases } from "../fixtures/rank-cases.js";
import { relativeError } from "../fixtures/relative-error.js";
import { openTorch } from "../fixtures/tiny-training.js";

const WIDTH = 256;
const DEPTH = 8;
const UNIT_BYTES = 4 * (WIDTH * WIDTH + WIDTH);
/** The allocator rounds sizes up; a few small tensors come beside. */
const SLACK_BYTES = 64 * 1024;
const units = ["layers.*"];

class Stack extends Module {
  readonly layers = Array.from({ length: DEPTH }, () => new Linear(WIDTH, WIDTH));

  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

const makeStack = (): Stack => deferInitialization(() => initialize(new Stack(), [["**", truncNormal(0.06)]], 3));

/** One forward and backward pass on inputs of its own; the gradients that the rank keeps, one behind the other. */
async function gradientsOf(model: Stack, options: FullyShardOptions, mesh = makeMesh(world)): Promise<Float32Array> {
  const strategy = fullyShard(model, mesh, options);
  const variables = model.namedParameters().map(([, { variable }]) => variable);
  const pathOf = new Map(model.namedParameters().map(([path, { variable }]) => [variable, path]));
  strategy.beforeForward();
  const x = tf.fill([1, WIDTH], 1 + mesh.data.rank);
  const loss = backward(
    () => tf.tidy(() => tf.mean(tf.square(model.forward(x))) as tf.Scalar),
    variables,
    (variable, gradient) => strategy.takeGradient(pathOf.get(variable) as string, gradient, true),
  );
  const gradients = await strategy.finishGradients();
  const values = [...gradients.values()].flatMap((gradient) => [...gradient.dataSync()]);
  strategy.releaseGradients();
  strategy.dispose();
  tf.dispose([x, loss]);
  return Float32Array.from(values);
}

let world: Parameters<typeof makeMesh>[0];
await openTorch();
await runRankCases({
  "no rank ever holds more than its shard and a unit while a model is built": (each) => {
    world = each;
    resetPeakBytes();
    const before = memoryStats().liveBytes;
    const mesh = makeMesh(world, shardingSizes("FULL_SHARD", 2));
    const model = makeStack();
    const strategy = fullyShard(model, mesh, { units });
    const held = memoryStats().liveBytes - before;
    assert.ok(Math.abs(held - (DEPTH * UNIT_BYTES) / 2) < SLACK_BYTES, `${held} bytes held`);
    const peak = memoryStats().peakBytes - before;
    // Buffers of one unit are made before their memory is freed.
    assert.ok(peak < (DEPTH * UNIT_BYTES) / 2 + 4 * UNIT_BYTES, `${peak} bytes at the peak`);
    assert.throws(
      () => model.forward(tf.ones([1, WIDTH])).dataSync() && model.layers[0]?.weight.variable.dataSync(),
      /released/,
    );
    strategy.dispose();
    model.dispose();
    mesh.free();
  },
  "a step holds its shards, and two units of parameters and one of gradients beside": async (each) => {
    world = each;
    for (const [options, whole] of [
      [{ units }, 2],
      [{ units, backwardPrefetch: "NONE" }, 1],
    ] as const) {
      const model = makeStack();
      const mesh = makeMesh(world, { fsdp: 2 });
      resetPeakBytes();
      const before = memoryStats().liveBytes;
      await gradientsOf(model, options, mesh);
      const peak = memoryStats().peakBytes - before;
      // Shards of parameters and gradients; gradients of three units are whole where two reductions are under way.
      const most = DEPTH * UNIT_BYTES + whole * UNIT_BYTES + 4 * UNIT_BYTES;
      assert.ok(peak < most, `${peak / UNIT_BYTES} units at the peak`);
      model.dispose();
      mesh.free();
    }
  },
  "bfloat16 gathers and sums change gradients by its rounding alone": async (each) => {
    world = each;
    const run = async (options: Partial<FullyShardOptions>): Promise<Float32Array> => {
      const model = makeStack();
      const mesh = makeMesh(world, { fsdp: 2 });
      const values = await gradientsOf(model, { units, ...options }, mesh);
      model.dispose();
      mesh.free();
      return values;
    };
    const exact = await run({});
    // 2⁻⁸ a rounding, of the weights of eight layers or of the gradients once.
    assert.ok(relativeError(await run({ reduceDtype: "bfloat16" }), exact) < 0.01);
    const rounded = relativeError(await run({ computeDtype: "bfloat16" }), exact);
    assert.ok(rounded > 0 && rounded < 0.05, `${rounded}`);
  },
  "refuses patterns that match nothing, and modules in two units": (each) => {
    const mesh = makeMesh(each, { fsdp: 2 });
    const model = makeStack();
    assert.throws(() => fullyShard(model, mesh, { units: ["blocks.*"] }), /'blocks.\*' to match at least one/);
    assert.throws(
      () => fullyShard(model, mesh, { units: ["layers.*", "layers.3"] }),
      /fullyShard: expected each module in one unit, got 'layers.3'/,
    );
    assert.throws(() => shardingSizes("HYBRID_SHARD(3)", 4), /where n divides 4 ranks, got HYBRID_SHARD\(3\)/);
    assert.deepEqual(shardingSizes("HYBRID_SHARD(2)", 8), { dp: 4, fsdp: 2 });
    mesh.free();
  },
});
