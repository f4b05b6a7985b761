import { backward } from "@graticule/autodiff";
import { maeConfig, maeLoss, makeMae, makeMaeMask, numPatches, type VitPreset } from "@graticule/models";
import { closeMpi, openMpi } from "@graticule/mpi";
import type { Module } from "@graticule/nn";
import { sumOfSquares } from "@graticule/ops";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import {
  dataParallel,
  fullyShard,
  type Mesh,
  makeMesh,
  type ShardingStrategy,
  shardingSizes,
} from "@graticule/parallel";
import { memoryStats, resetPeakBytes } from "@graticule/tfjs-backend-torch";
import type { Strategy } from "@graticule/train";
import { type Scalar, stack, tidy, type Variable } from "@tensorflow/tfjs-core";
import { median } from "../median.js";
import { openTorch, readSettings } from "./child.js";
import { randomImages } from "./random-images.js";

/** One rank of `bench fsdp`: each layout in turn, on the same images. */
interface FsdpSettings {
  readonly model: VitPreset;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly layouts: readonly ("DDP" | ShardingStrategy)[];
}

interface Measured {
  readonly secondsPerStep: number;
  readonly peakBytes: number;
  /** Parameters, moments and gradients ÷ shards, one whole unit and what is in none, and the activations. */
  readonly expectedBytes: number;
}

const FLOAT = 4;

const settings = readSettings<FsdpSettings>();
const world = openMpi({ timeoutSeconds: 300 });
await openTorch(settings);
const config = maeConfig(settings.model, { imageSize: [224, 224], inChannels: 3 });
const images = randomImages(config, settings.batch);
const indices = Int32Array.from({ length: settings.batch }, (_, index) => index);
const units = ["blocks.*", "decoder_blocks.*"];

const measured: Record<string, Measured> = {};
for (const layout of settings.layouts) measured[layout] = await measure(layout);
if (world.rank === 0) process.stdout.write(`${JSON.stringify(measured)}\n`);
closeMpi();

function strategyOf(
  layout: FsdpSettings["layouts"][number],
  model: Module,
  mesh: Mesh,
): Strategy & { dispose?(): void } {
  if (layout === "DDP") return dataParallel(model, mesh);
  return fullyShard(model, mesh, { units, reshardAfterForward: layout !== "SHARD_GRAD_OP" });
}

async function measure(layout: FsdpSettings["layouts"][number]): Promise<Measured> {
  const before = memoryStats().liveBytes;
  const mesh = makeMesh(world, layout === "DDP" ? {} : shardingSizes(layout, world.size));
  const model = makeMae(config, { seed: 0 });
  const strategy = strategyOf(layout, model, mesh);
  const groups = weightDecayGroups(model, 0.05).map((group) => ({
    ...group,
    parameters: strategy.ownParameters(group.parameters),
  }));
  const optimizer = makeAdamW({ groups, betas: [0.9, 0.95] });
  const pathOf = new Map<Variable, string>();
  for (const [path, { trainable, variable }] of model.namedParameters()) if (trainable) pathOf.set(variable, path);
  let activations = 0;

  async function step(index: number): Promise<void> {
    strategy.beforeForward();
    const start = memoryStats().liveBytes;
    const loss = backward(
      () => {
        const mask = makeMaeMask({ seed: 0, epoch: index, indices, numTokens: numPatches(config), maskRatio: 0.75 });
        const value: Scalar = maeLoss(model, images, mask, { normPix: true });
        activations = memoryStats().liveBytes - start;
        return value;
      },
      [...pathOf.keys()],
      (variable, gradient) => strategy.takeGradient(pathOf.get(variable) as string, gradient, true),
    );
    const gradients = [...(await strategy.finishGradients())];
    const squares = tidy(() => stack(gradients.map(([, gradient]) => sumOfSquares(gradient))));
    const values = await squares.data();
    squares.dispose();
    const gradientSquares = new Map(gradients.map(([path], at) => [path, values[at] as number]));
    await strategy.reduceStatistics({
      loss: (await loss.data())[0] as number,
      gradientSquares,
      samples: settings.batch,
    });
    for (const [path, gradient] of gradients) optimizer.apply(path, gradient, 1.5e-4);
    optimizer.step();
    strategy.releaseGradients();
    loss.dispose();
  }

  const times: number[] = [];
  for (let index = 0; index < settings.warmupSteps + settings.steps; index++) {
    if (index === settings.warmupSteps) resetPeakBytes();
    world.barrier();
    const start = performance.now();
    await step(index);
    world.barrier();
    if (index >= settings.warmupSteps) times.push((performance.now() - start) / 1000);
  }
  const most = Float64Array.of(memoryStats().peakBytes - before, median(times));
  world.allReduce(most, { reduction: "max" });
  const expectedBytes = expected(model, layout === "DDP" ? undefined : mesh.sizes.fsdp, activations);
  optimizer.dispose();
  strategy.dispose?.();
  model.dispose();
  mesh.free();
  return { peakBytes: most[0] as number, secondsPerStep: most[1] as number, expectedBytes };
}

/** @param shards undefined where every rank holds all. */
function expected(model: Module, shards: number | undefined, activations: number): number {
  const sizes = new Map<string, number>();
  let fixed = 0;
  for (const [path, { size, trainable }] of model.namedParameters()) {
    const unit = /^(decoder_)?blocks\.\d+/.exec(path)?.[0] ?? "";
    if (trainable) sizes.set(unit, (sizes.get(unit) ?? 0) + size);
    else fixed += size;
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const states = 4 * total; // parameters, two moments, gradients
  if (shards === undefined) return FLOAT * (states + fixed) + activations;
  const root = sizes.get("") ?? 0;
  const unit = Math.max(...[...sizes].filter(([path]) => path !== "").map(([, size]) => size));
  return FLOAT * (states / shards + fixed + root + unit) + activations;
}
