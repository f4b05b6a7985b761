import { backward } from "@graticule/autodiff";
import { makeRandom } from "@graticule/core";
import {
  type MaeConfig,
  maeConfig,
  maeLoss,
  makeMae,
  makeMaeMask,
  numPatches,
  type VitPreset,
} from "@graticule/models";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import { openBackend } from "@graticule/train";
import { type Tensor, tensor4d, type Variable } from "@tensorflow/tfjs-core";
import { Command } from "commander";
import { median } from "./run-json.js";

/** Our side of `bench step`: times the step in this process and prints one JSON line. */
const WARMUP_STEPS = 2;
const CHANNELS = 3;
const IMAGE_SIZE = [224, 224] as const;
const MASK_RATIO = 0.75;

const options = new Command()
  .requiredOption("--model <preset>")
  .requiredOption("--batch <images>", "", Number)
  .requiredOption("--dtype <dtype>")
  .requiredOption("--threads <count>", "", Number)
  .requiredOption("--steps <count>", "", Number)
  .parse()
  .opts<{ model: VitPreset; batch: number; dtype: "fp32" | "bf16"; threads: number; steps: number }>();

await openBackend({ name: "torch", device: "cpu", precision: options.dtype, threads: options.threads });
const config = maeConfig(options.model, { imageSize: IMAGE_SIZE, inChannels: CHANNELS, patchSize: 16 });
const model = makeMae(config, { seed: 0 });
const optimizer = makeAdamW({ groups: weightDecayGroups(model, 0.05), betas: [0.9, 0.95] });
const pathOf = new Map<Variable, string>(
  model.namedParameters().flatMap(([path, { trainable, variable }]) => (trainable ? [[variable, path] as const] : [])),
);
const random = makeRandom(0);
const values = Float32Array.from({ length: options.batch * CHANNELS * IMAGE_SIZE[0] * IMAGE_SIZE[1] }, () =>
  random.normal(),
);
const images = tensor4d(values, [options.batch, CHANNELS, ...IMAGE_SIZE]);

function step(epoch: number): void {
  const mask = makeMaeMask({
    seed: 0,
    epoch,
    indices: Int32Array.from({ length: options.batch }, (_, index) => index),
    numTokens: numPatches(config),
    maskRatio: MASK_RATIO,
  });
  const gradients = new Map<string, Tensor>();
  const loss = backward(
    () => maeLoss(model, images, mask, { normPix: true }),
    [...pathOf.keys()],
    (variable, gradient) => gradients.set(pathOf.get(variable) as string, gradient),
  );
  for (const [path, gradient] of gradients) {
    optimizer.apply(path, gradient, 1.5e-4);
    gradient.dispose();
  }
  optimizer.step();
  loss.dataSync();
  loss.dispose();
}

/** Matrix-product FLOPs of one image's training step, 3 × forward: the peer script's own formula. */
function stepFlops({ embedDim, depth, patchSize, decoderEmbedDim, decoderDepth }: MaeConfig): number {
  const tokens = numPatches(config);
  const kept = Math.floor(tokens * (1 - MASK_RATIO)) + 1;
  const all = tokens + 1;
  const patchValues = CHANNELS * patchSize * patchSize;
  const block = (length: number, width: number): number => 24 * length * width * width + 4 * length * length * width;
  const encoder = 2 * (kept - 1) * patchValues * embedDim + depth * block(kept, embedDim);
  const decoder =
    2 * kept * embedDim * decoderEmbedDim +
    decoderDepth * block(all, decoderEmbedDim) +
    2 * all * decoderEmbedDim * patchValues;
  return 3 * (encoder + decoder);
}

const times: number[] = [];
for (let index = 0; index < WARMUP_STEPS + options.steps; index++) {
  const start = performance.now();
  step(index);
  if (index >= WARMUP_STEPS) times.push((performance.now() - start) / 1000);
}
const seconds = median(times);
process.stdout.write(
  `${JSON.stringify({
    imagesPerSecond: options.batch / seconds,
    secondsPerStep: seconds,
    gflops: (options.batch * stepFlops(config)) / seconds / 1e9,
    peakRssMB: process.resourceUsage().maxRSS / 1024,
  })}\n`,
);
