import { maeConfig, type VitPreset } from "@graticule/models";
import { memoryStats } from "@graticule/tfjs-backend-torch";
import { fill, square, tidy } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { openTorch, readSettings, report } from "./child.js";
import { makeMaeStep } from "./mae-step.js";

/** One side of `bench allocator`, in the process whose allocator is measured. */
const WARMUP = 3;
/** 39 MB: what GELU makes of one block of ViT-Base at batch 16. */
const ACTIVATION = [16, 197, 3072];

const { model, batch, steps, threads } = readSettings<{
  model: VitPreset;
  batch: number;
  steps: number;
  threads: number;
}>();

await openTorch({ dtype: "bf16", threads });
const x = fill(ACTIVATION, 0.5);
/** Four live results of an elementwise op, all freed at the end: each must come from somewhere and go there. */
const elementwise = time(20, () => tidy(() => void square(square(square(square(x))))));
x.dispose();

const step = makeMaeStep(maeConfig(model, { imageSize: [224, 224], inChannels: 3, patchSize: 16 }), batch);
let epoch = 0;
const training = time(steps, () => step(epoch++));
const { peakBytes } = memoryStats();
report({
  elementwiseMs: elementwise.wall / 4,
  elementwiseCpuMs: elementwise.cpu / 4,
  elementwiseSystemMs: elementwise.system / 4,
  stepMs: training.wall,
  stepCpuMs: training.cpu,
  stepSystemMs: training.system,
  peakLiveMB: peakBytes / 2 ** 20,
});

/**
 * Milliseconds of one run: median of the wall clock, mean of processor time (which other processes disturb less) and of
 * what the operating system took of it for page faults, zeroing and unmapping.
 */
function time(runs: number, run: () => unknown): { wall: number; cpu: number; system: number } {
  for (let i = 0; i < WARMUP; i++) run();
  const before = process.cpuUsage();
  const walls = Array.from({ length: runs }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  const { user, system } = process.cpuUsage(before);
  return { wall: median(walls), cpu: (user + system) / 1000 / runs, system: system / 1000 / runs };
}
