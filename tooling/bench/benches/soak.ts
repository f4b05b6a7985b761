import { maeConfig } from "@graticule/models";
import { openBackend } from "@graticule/train";
import { memory } from "@tensorflow/tfjs-core";
import { makeMaeStep } from "../ours/mae-step.js";

/** Steps before the first sample: caches fill, the heap finds its size. */
const WARMUP_STEPS = 1000;
const SAMPLE_EVERY = 20;

/** Trains a tiny model for many steps and fits a line through its memory: a leak is a slope. */
export async function benchSoak({ steps }: { readonly steps: number }): Promise<Record<string, unknown>> {
  const backend = await openBackend({ name: "torch", device: "cpu", precision: "fp32", threads: 1 });
  const shape = { imageSize: [16, 16], inChannels: 3, patchSize: 4, embedDim: 32, depth: 2, numHeads: 2 } as const;
  const config = maeConfig("tiny", { ...shape, mlpDim: 64, decoderEmbedDim: 32, decoderDepth: 1, decoderNumHeads: 2 });
  const step = makeMaeStep(config, 8);
  const at: number[] = [];
  const live: number[] = [];
  const rss: number[] = [];
  let loss = 0;
  for (let index = 0; index < WARMUP_STEPS + steps; index++) {
    loss = step(index);
    if (index < WARMUP_STEPS || index % SAMPLE_EVERY !== 0) continue;
    at.push(index);
    live.push(backend.memory?.().liveBytes ?? 0);
    rss.push(process.memoryUsage.rss());
    await new Promise(setImmediate);
  }
  return {
    bench: "soak",
    steps,
    loss,
    tensors: memory().numTensors,
    liveBytes: live.at(-1),
    liveBytesPerStep: slope(at, live),
    rssMB: Math.round((rss.at(-1) ?? 0) / 2 ** 20),
    rssBytesPerStep: Math.round(slope(at, rss)),
    rssBytesPerStepSecondHalf: Math.round(slope(at.slice(at.length >> 1), rss.slice(rss.length >> 1))),
  };
}

/** Slope of the least-squares line. */
function slope(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, index) => sum + (value - meanX) * ((y[index] as number) - meanY), 0);
  return covariance / x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}
