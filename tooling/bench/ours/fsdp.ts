import { maeConfig, maeLoss, makeMae, makeMaeMask, numPatches, type VitPreset } from "@graticule/models";
import { closeMpi, openMpi } from "@graticule/mpi";
import type { Module } from "@graticule/nn";
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
import type { Scalar, Tensor } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { openTorch, readSettings } from "./child.js";
import { randomImages } from "./random-images.js";
import { makeStrategyStep } from "./strategy-step.js";

/** One rank of `bench fsdp`: each layout in turn, on the same images. */
interface FsdpSettings {
  readonly model: VitPreset;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly layouts: readonly ("DDP" | ShardingStrategy)[];
  /** Where sharded state lies, if on the disk. */
  readonly offloadFolder?: string;
}

interface Measured {
  readonly secondsPerStep: number;
  readonly peakBytes: number;
  /** What `expected` derives. */
  readonly expectedBytes: number;
  readonly peakRssBytes: number;
  /** Float32 values of what is trained, ÷ shards. */
  readonly shardBytes: number;
}

const FLOAT = 4;
const UNIT = /^(decoder_)?blocks\.\d+$/;

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
  const { offloadFolder } = settings;
  const offload = offloadFolder === undefined ? {} : ({ offload: "disk", offloadFolder } as const);
  return fullyShard(model, mesh, { units, reshardAfterForward: layout !== "SHARD_GRAD_OP", ...offload });
}

/** Bytes that live when each unit's forward pass ends, by its path, in order. */
function watchUnits(model: Module): Map<string, number> {
  const live = new Map<string, number>();
  for (const [path, module] of model.namedModules()) {
    if (!UNIT.test(path)) continue;
    const unit = module as Module & { forward(...inputs: Tensor[]): Tensor };
    const forward = unit.forward.bind(unit);
    unit.forward = (...inputs) => {
      const output = forward(...inputs);
      live.set(path, memoryStats().liveBytes);
      return output;
    };
  }
  return live;
}

async function measure(layout: FsdpSettings["layouts"][number]): Promise<Measured> {
  const before = memoryStats().liveBytes;
  const mesh = makeMesh(world, layout === "DDP" ? {} : shardingSizes(layout, world.size));
  const model = makeMae(config, { seed: 0 });
  const strategy = strategyOf(layout, model, mesh);
  const live = watchUnits(model);
  /** By unit: bytes that its activations and those before it take. */
  let activations = new Map<string, number>();

  const step = makeStrategyStep(model, strategy, {
    samples: settings.batch,
    loss(index) {
      const start = memoryStats().liveBytes;
      const mask = makeMaeMask({ seed: 0, epoch: index, indices, numTokens: numPatches(config), maskRatio: 0.75 });
      const value: Scalar = maeLoss(model, images, mask, { normPix: true });
      activations = new Map(Array.from(live, ([path, bytes]) => [path, bytes - start]));
      return value;
    },
  });

  const times: number[] = [];
  for (let index = 0; index < settings.warmupSteps + settings.steps; index++) {
    if (index === settings.warmupSteps) resetPeakBytes();
    world.barrier();
    const start = performance.now();
    await step(index);
    world.barrier();
    if (index >= settings.warmupSteps) times.push((performance.now() - start) / 1000);
  }
  const most = Float64Array.of(memoryStats().peakBytes - before, median(times), 1024 * process.resourceUsage().maxRSS);
  world.allReduce(most, { reduction: "max" });
  const [peakBytes = 0, secondsPerStep = 0, peakRssBytes = 0] = most;
  const shards = layout === "DDP" ? 1 : mesh.sizes.fsdp;
  const sizes = sizesByUnit(model);
  const expectedBytes = expected(sizes, layout, shards, activations);
  const shardBytes = ([...sizes.values()].reduce((sum, size) => sum + size, 0) * FLOAT) / shards;
  step.dispose();
  strategy.dispose?.();
  model.dispose();
  mesh.free();
  return { peakBytes, secondsPerStep, expectedBytes, peakRssBytes, shardBytes };
}

/** Parameters by unit, under "" those in none. */
function sizesByUnit(model: Module): Map<string, number> {
  const sizes = new Map([["", 0]]);
  for (const [path, { size }] of model.namedParameters()) {
    const unit = path.split(".").slice(0, 2).join(".");
    const key = UNIT.test(unit) ? unit : "";
    sizes.set(key, (sizes.get(key) ?? 0) + size);
  }
  return sizes;
}

/**
 * What a rank should hold at most. Parameters and moments are there all the time; in the backward pass of unit i there are
 * besides: the activations of units 1 to i; gradients ÷ shards of the units after i, with which it is through; what is in
 * no unit, gathered, and its gradients; and of whole units those in use: unit i and the one before it, which is gathered
 * ahead, with the gradients of unit i and of the two whose reductions may be under way. Activations and gradients are never
 * there in full at once: a unit's activations go as its gradients come. `SHARD_GRAD_OP` gathers no unit in the backward
 * pass: those that it keeps from the forward pass are counted with the activations.
 */
function expected(
  sizes: ReadonlyMap<string, number>,
  layout: FsdpSettings["layouts"][number],
  shards: number,
  activations: ReadonlyMap<string, number>,
): number {
  const units = [...activations.keys()].map((path) => sizes.get(path) as number);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const root = sizes.get("") ?? 0;
  const states = settings.offloadFolder === undefined ? (3 * (sum(units) + root)) / shards : 0;
  const moments = [...activations.values()].map((bytes, at) => {
    const after = sum(units.slice(at + 1)) / shards;
    if (layout === "DDP") return bytes + FLOAT * (after + (units[at] as number) + root);
    const gathered = layout === "SHARD_GRAD_OP" ? 0 : sum(units.slice(Math.max(0, at - 1), at + 1));
    const reduced = sum(units.slice(at, at + 3));
    return bytes + FLOAT * (after + 2 * root + gathered + reduced);
  });
  return FLOAT * states + Math.max(...moments);
}
