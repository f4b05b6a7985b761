import { maeConfig, type VitPreset, vitConfig } from "@graticule/models";
import { type BackendName, openBackend } from "@graticule/train";
import { median } from "../harness/median.js";
import { readSettings, report } from "./child.js";
import { classifierFlops, makeFinetuneStep, makeInference } from "./classifier-step.js";
import { maeStepFlops, makeMaeStep } from "./mae-step.js";
import { profileStep } from "./profile-step.js";

/** Our side of `bench step`, `finetune-step` and `inference`, on any backend that `openBackend` knows. */
interface StepSettings {
  readonly task: "step" | "finetune-step" | "inference";
  readonly backend: BackendName;
  readonly model: VitPreset;
  readonly batch: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  /** Default cpu. */
  readonly device?: string;
  readonly warmupSteps: number;
  readonly steps: number;
  readonly profile?: boolean;
}

const IMAGES = { imageSize: [224, 224], inChannels: 3, patchSize: 16 } as const;
const NUM_CLASSES = 1000;

const settings = readSettings<StepSettings>();
const { task, backend, model, batch, dtype, threads, device = "cpu", warmupSteps, steps, profile } = settings;
const { memory } = await openBackend({ name: backend, device, precision: dtype, threads });
const { run, flops } = makeTask();

const times: number[] = [];
for (let index = 0; index < warmupSteps + steps; index++) {
  const start = performance.now();
  run(index);
  if (index >= warmupSteps) times.push((performance.now() - start) / 1000);
}
const seconds = median(times);
report({
  imagesPerSecond: batch / seconds,
  secondsPerStep: seconds,
  gflops: (batch * flops) / seconds / 1e9,
  ...(device !== "cpu" && { peakDeviceMB: (memory?.().peakBytes ?? 0) / 2 ** 20 }),
  ...(profile && { profile: profileStep(run, steps) }),
});

function makeTask(): { run: (index: number) => unknown; flops: number } {
  if (task === "step") {
    const config = maeConfig(model, IMAGES);
    return { run: makeMaeStep(config, batch), flops: maeStepFlops(config) };
  }
  const config = { ...vitConfig(model, IMAGES), numClasses: NUM_CLASSES };
  if (task === "inference") return { run: makeInference(config, batch), flops: classifierFlops(config) };
  return { run: makeFinetuneStep(config, batch), flops: 3 * classifierFlops(config) };
}
