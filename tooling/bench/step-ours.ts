import { maeConfig, type VitPreset } from "@graticule/models";
import { openBackend } from "@graticule/train";
import { Command } from "commander";
import { makeMaeStep, stepFlops } from "./mae-step.js";
import { median } from "./run-json.js";

/** Our side of `bench step`: times the step in this process and prints one JSON line. */
const WARMUP_STEPS = 2;

const { model, batch, dtype, threads, steps, device } = new Command()
  .requiredOption("--model <preset>")
  .requiredOption("--batch <images>", "", Number)
  .requiredOption("--dtype <dtype>")
  .requiredOption("--threads <count>", "", Number)
  .requiredOption("--steps <count>", "", Number)
  .option("--device <device>", "", "cpu")
  .parse()
  .opts<{ model: VitPreset; batch: number; dtype: "fp32" | "bf16"; threads: number; steps: number; device: string }>();

const backend = await openBackend({ name: "torch", device, precision: dtype, threads });
const config = maeConfig(model, { imageSize: [224, 224], inChannels: 3, patchSize: 16 });
const step = makeMaeStep(config, batch);
const times: number[] = [];
for (let index = 0; index < WARMUP_STEPS + steps; index++) {
  const start = performance.now();
  step(index);
  if (index >= WARMUP_STEPS) times.push((performance.now() - start) / 1000);
}
const seconds = median(times);
process.stdout.write(
  `${JSON.stringify({
    imagesPerSecond: batch / seconds,
    secondsPerStep: seconds,
    gflops: (batch * stepFlops(config)) / seconds / 1e9,
    peakRssMB: process.resourceUsage().maxRSS / 1024,
    ...(device !== "cpu" && { peakDeviceMB: (backend.memory?.().peakBytes ?? 0) / 2 ** 20 }),
  })}\n`,
);
