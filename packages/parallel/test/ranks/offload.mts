// Sharded state on the disk, and frozen parameters, on two ranks and on one.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { backward } from "@graticule/autodiff";
import type { Communicator } from "@graticule/mpi";
import { initialize, LayerNorm, Linear, Module, truncNormal } from "@graticule/nn";
import { makeAdamW } from "@graticule/optim";
import { memoryStats } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { type FullyShardOptions, fullyShard, makeMesh } from "../../src/index.js";
import { trainOn } from "../fixtures/compare-runs.js";
import type { Layout } from "../fixtures/layouts.js";
import { onFirstRanks, runRankCases } from "../fixtures/rank-cases.js";
import { openTorch, relativeError } from "../fixtures/tiny-training.js";

const folder = process.argv[2] as string;
const disk = { offload: "disk", offloadFolder: folder } as const;

const sharded = (fsdp: number, options: Partial<FullyShardOptions>): Layout => ({
  sizes: { dp: 1, fsdp },
  divided: [],
  sharding: "FULL_SHARD",
  options,
});
const mae = { name: "mae" } as const;

/** The tensors of a run's checkpoint, as bytes by file. */
function savedBytes(runFolder: string, step: number): Record<string, string> {
  const path = join(folder, runFolder, "checkpoints", `step-${String(step).padStart(8, "0")}`);
  const files = readdirSync(path).filter((name) => name.endsWith(".safetensors"));
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(path, name)).toString("base64")]));
}

const WIDTH = 128;
/** The allocator rounds sizes up; a few small tensors come beside. */
const SLACK_BYTES = 32 * 1024;

/** Blocks of a frozen layer and a small trained one beside it, as adapters are. */
class Adapted extends Module {
  readonly norm = new LayerNorm(WIDTH);
  readonly frozen = new Linear(WIDTH, WIDTH);
  readonly adapter = new Linear(WIDTH, WIDTH);

  forward(x: tf.Tensor): tf.Tensor {
    const normalized = this.norm.forward(x);
    return tf.add(this.frozen.forward(normalized), this.adapter.forward(normalized));
  }
}

class Stack extends Module {
  /** Nothing of the second is trained; gradients pass through it. */
  readonly layers = [new Adapted(), new Linear(WIDTH, WIDTH), new Adapted(), new Linear(WIDTH, WIDTH)];

  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

function makeStack(): Stack {
  const model = initialize(
    new Stack(),
    [
      ["**norm.weight", truncNormal(1)],
      ["**", truncNormal(0.1)],
    ],
    3,
  );
  for (const [path, parameter] of model.namedParameters())
    if (!/adapter|layers.3/.test(path)) Object.defineProperty(parameter, "trainable", { value: false });
  return model;
}

const rowOf = (step: number, index: number): number[] =>
  Array.from({ length: WIDTH }, (_, at) => Math.sin(index + step + at));

/** Values of a parameter, or of a rank's part of it. */
interface Held {
  readonly start: number;
  readonly values: Float32Array;
}

/** Weights after a few steps of AdamW, by path; how many moments there are; and the bytes that stay. */
async function finetune(
  world: Communicator | undefined,
  options: Partial<FullyShardOptions>,
): Promise<{ values: Map<string, Held>; moments: number; held: number }> {
  const before = memoryStats().liveBytes;
  const model = makeStack();
  const mesh = world && makeMesh(world, { fsdp: world.size });
  const strategy = mesh && fullyShard(model, mesh, { units: ["layers.*"], ...options });
  const own = strategy ? strategy.ownParameters(model.namedParameters()) : model.namedParameters();
  const optimizer = makeAdamW({ groups: [{ parameters: own, weightDecay: 0.1 }], epsilon: 1e-4 });
  const pathOf = new Map(
    model.namedParameters().flatMap(([path, { variable, trainable }]) => (trainable ? [[variable, path]] : [])),
  );
  for (let step = 0; step < 3; step++) {
    let gradients: ReadonlyMap<string, tf.Tensor> = new Map();
    strategy?.beforeForward();
    const { rank, size } = mesh?.data ?? { rank: 0, size: 1 };
    const rows = Array.from({ length: 4 / size }, (_, at) => rowOf(step, (4 / size) * rank + at));
    const x = tf.tensor2d(rows);
    const loss = backward(
      () => tf.tidy(() => tf.mean(tf.square(model.forward(x))) as tf.Scalar),
      [...pathOf.keys()],
      (variable, gradient) => {
        const path = pathOf.get(variable) as string;
        if (strategy) strategy.takeGradient(path, gradient, true);
        else gradients = new Map([...gradients, [path, gradient]]);
      },
    );
    if (strategy) gradients = await strategy.finishGradients();
    for (const [path, gradient] of gradients) optimizer.apply(path, gradient, 1e-2);
    optimizer.step();
    if (strategy) strategy.releaseGradients();
    else tf.dispose([...gradients.values()]);
    tf.dispose([loss, x]);
  }
  const held = memoryStats().liveBytes - before;
  const values = new Map<string, Held>();
  for (const [path, { variable, size }] of model.namedParameters()) {
    const { values: own, start, length } = strategy?.parts.get(path) ?? { values: variable, start: 0, length: size };
    values.set(path, { start, values: Float32Array.from(own.dataSync().slice(0, length)) });
  }
  const moments = optimizer.stateDict().tensors.size;
  optimizer.dispose();
  strategy?.dispose();
  model.dispose();
  mesh?.free();
  return { values, moments, held };
}

await openTorch();
await runRankCases({
  "a run with its state on the disk gives the bytes of one in memory, from either's checkpoint on": async (world) => {
    const options = { totalSteps: 4, gradAccumSteps: 2 };
    const runs = {
      memory: {},
      disk: { ...disk, forwardPrefetch: true, limitAllGathers: false },
      host: { offload: "host" },
    } as const;
    for (const [name, strategy] of Object.entries(runs))
      await trainOn(
        world,
        mae,
        sharded(2, { ...strategy, reshardAfterForward: name !== "host" }),
        join(folder, name),
        options,
      );
    for (const name of ["disk", "host"]) assert.deepEqual(savedBytes(name, 4), savedBytes("memory", 4));
    const resumed = join(folder, "resumed");
    await trainOn(world, mae, sharded(2, disk), resumed, { ...options, totalSteps: 1 });
    await trainOn(world, mae, sharded(2, {}), resumed, { ...options, totalSteps: 2, resume: true });
    await trainOn(world, mae, sharded(2, { ...disk, backwardPrefetch: "NONE" }), resumed, { ...options, resume: true });
    assert.deepEqual(savedBytes("resumed", 4), savedBytes("memory", 4));
  },
  "one rank with its state on the disk gives the bytes of one in memory": async (world) => {
    await onFirstRanks(world, 1, async (alone) => {
      for (const [name, options] of [
        ["one-memory", {}],
        ["one-disk", disk],
      ] as const)
        await trainOn(alone, mae, sharded(1, options), join(folder, name), { totalSteps: 3 });
      assert.deepEqual(savedBytes("one-disk", 3), savedBytes("one-memory", 3));
    });
  },
  "frozen parameters are sharded, and trained ones beside them get the weights of one rank": async (world) => {
    const expected = await finetune(undefined, {});
    for (const options of [{}, { backwardPrefetch: "BACKWARD_POST" }, { backwardPrefetch: "NONE", ...disk }] as const) {
      const { values, moments, held } = await finetune(world, options);
      assert.equal(moments, expected.moments);
      assert.ok(held < ("offload" in options ? SLACK_BYTES : expected.held / 2 + SLACK_BYTES), `${held} bytes`);
      for (const [path, own] of values) {
        if (own.values.length === 0) continue;
        const whole = expected.values.get(path) as Held;
        const error = relativeError(own.values, whole.values.subarray(own.start, own.start + own.values.length));
        assert.ok(error < 1e-5, `${path}: ${error}`);
      }
    }
  },
  "refuses to offload to a disk without a folder": (world) => {
    const mesh = makeMesh(world, { fsdp: 2 });
    assert.throws(
      () => fullyShard(makeStack(), mesh, { units: ["layers.*"], offload: "disk" }),
      /fullyShard: expected an offloadFolder for offload disk, got none. Name a folder on a fast local disk./,
    );
    mesh.free();
  },
});
