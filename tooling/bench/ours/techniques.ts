import { addLora, trainableParameters } from "@graticule/adapters";
import { makeClassifier, type VitPreset, vitConfig } from "@graticule/models";
import { closeMpi, openMpi } from "@graticule/mpi";
import { applyRecompute } from "@graticule/nn";
import { softmaxCrossEntropy } from "@graticule/ops";
import { dataParallel, fullyShard, makeMesh, shardingSizes } from "@graticule/parallel";
import { memoryStats, resetPeakBytes } from "@graticule/tfjs-backend-torch";
import { type Strategy, singleDevice } from "@graticule/train";
import { median } from "../harness/median.js";
import { openTorch, readSettings } from "./child.js";
import { randomImages } from "./random-images.js";
import { makeStrategyStep } from "./strategy-step.js";

/** One rank of `bench techniques`: a ViT classifier's fine-tuning step in one of its ways. */
interface TechniqueSettings {
  readonly model: VitPreset;
  /** Images of this rank. */
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly lora?: boolean;
  readonly recompute?: boolean;
  /** ZeRO-3, alias FULL_SHARD. */
  readonly sharded?: boolean;
  /** Where sharded state lies, if on the disk. */
  readonly offloadFolder?: string;
}

const settings = readSettings<TechniqueSettings>();
const { batch, lora, recompute, sharded, offloadFolder, warmupSteps, steps } = settings;
const world = openMpi({ timeoutSeconds: 300 });
await openTorch(settings);
const config = {
  ...vitConfig(settings.model, { imageSize: [224, 224], inChannels: 3, patchSize: 16 }),
  numClasses: 21,
};
const model = makeClassifier(config, { seed: 0 });
if (lora)
  addLora(model, {
    ...{ loraRank: 8, loraAlpha: 16, seed: 0 },
    targets: ["blocks.*.attn.qkv"],
    modulesToSave: ["head"],
  });
if (recompute) applyRecompute(model, "blocks.*");
const trained = trainableParameters(model).count;
const mesh = makeMesh(world, sharded ? shardingSizes("FULL_SHARD", world.size) : {});
const strategy = openStrategy();
const images = randomImages(config, batch);
const labels = Int32Array.from({ length: batch }, (_, index) => (index * 37) % config.numClasses);

/** Live bytes before a step, and gradients of it that are whole. */
let [stateBytes, gradientBytes, activationBytes] = [0, 0, 0];
const sampleActivations = (): void => {
  activationBytes = Math.max(activationBytes, memoryStats().liveBytes - stateBytes - gradientBytes);
};
const step = makeStrategyStep(model, strategy, {
  samples: batch,
  loss() {
    const loss = softmaxCrossEntropy(model.forward(images), labels);
    sampleActivations();
    return loss;
  },
  onGradient({ size }) {
    gradientBytes += 4 * size;
    sampleActivations();
  },
});

const times: number[] = [];
for (let index = 0; index < warmupSteps + steps; index++) {
  if (index === warmupSteps) resetPeakBytes();
  [stateBytes, gradientBytes, activationBytes] = [memoryStats().liveBytes, 0, 0];
  world.barrier();
  const start = performance.now();
  await step(index);
  world.barrier();
  if (index >= warmupSteps) times.push((performance.now() - start) / 1000);
}
const most = Float64Array.of(memoryStats().peakBytes, activationBytes, median(times));
world.allReduce(most, { reduction: "max" });
const [peakBytes, activations, secondsPerStep] = most;
if (world.rank === 0)
  process.stdout.write(
    `${JSON.stringify({ trainedParameters: trained, peakBytes, activationBytes: activations, secondsPerStep })}\n`,
  );
closeMpi();

function openStrategy(): Strategy {
  if (sharded)
    return fullyShard(model, mesh, {
      units: ["blocks.*"],
      ...(offloadFolder !== undefined && { offload: "disk", offloadFolder }),
    });
  return world.size > 1 ? dataParallel(model, mesh) : singleDevice();
}
