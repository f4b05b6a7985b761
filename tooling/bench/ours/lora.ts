import { addLora, trainableParameters } from "@graticule/adapters";
import { makeClassifier, type VitPreset, vitConfig } from "@graticule/models";
import { softmaxCrossEntropy } from "@graticule/ops";
import { openBackend } from "@graticule/train";
import { median } from "../harness/median.js";
import { readSettings, report } from "./child.js";
import { profileStep } from "./profile-step.js";
import { randomImages } from "./random-images.js";
import { makeTrainingStep } from "./training-step.js";

/** Our side of `bench lora`: forward, cross-entropy, backward, AdamW of what is trained. */
interface LoraSettings {
  readonly model: VitPreset;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly loraRank: number;
  /** Layers of a block, as a,b. */
  readonly targets: string;
  /** Everything is trained instead. */
  readonly full?: boolean;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly profile?: boolean;
}

const settings = readSettings<LoraSettings>();
const { batch, dtype, threads, loraRank, targets, full, warmupSteps, steps, profile } = settings;
const { memory } = await openBackend({ name: "torch", device: "cpu", precision: dtype, threads });
const config = {
  ...vitConfig(settings.model, { imageSize: [224, 224], inChannels: 3, patchSize: 16 }),
  numClasses: 1000,
};
const model = makeClassifier(config, { seed: 0 });
if (!full)
  addLora(model, {
    loraRank,
    loraAlpha: 2 * loraRank,
    targets: targets.split(",").map((layer) => `blocks.*.{attn,mlp}.${layer}`),
    modulesToSave: ["head"],
    seed: 0,
  });
const images = randomImages(config, batch);
const labels = Int32Array.from({ length: batch }, (_, index) => (index * 37) % config.numClasses);
const step = makeTrainingStep(model, () => softmaxCrossEntropy(model.forward(images), labels));

const times: number[] = [];
const processorTimes: number[] = [];
for (let index = 0; index < warmupSteps + steps; index++) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  step(index);
  if (index < warmupSteps) continue;
  times.push((performance.now() - start) / 1000);
  const { user, system } = process.cpuUsage(before);
  processorTimes.push((user + system) / 1e6);
}
const seconds = median(times);
const { liveBytes, peakBytes } = memory?.() ?? { liveBytes: 0, peakBytes: 0 };
report({
  imagesPerSecond: batch / seconds,
  secondsPerStep: seconds,
  cpuSecondsPerStep: median(processorTimes),
  trainedParameters: trainableParameters(model).count,
  // Activations, gradients and scratch, beside weights, moments and the batch.
  stepPeakMB: (peakBytes - liveBytes) / 2 ** 20,
  stateMB: liveBytes / 2 ** 20,
  ...(profile && { profile: profileStep(step, steps) }),
});
