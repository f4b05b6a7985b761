import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addLora, trainableParameters } from "@graticule/adapters";
import { makeRandom } from "@graticule/core";
import { ForConditionalGeneration, type ImageTextInputs, imageTextWeights, mapWeights } from "@graticule/models";
import { applyRecompute, openShardedSafetensors } from "@graticule/nn";
import { softmaxCrossEntropy } from "@graticule/ops";
import { memoryStats, resetPeakBytes } from "@graticule/tfjs-backend-torch";
import { type FileSource, loadWithin, openFileSource } from "@graticule/train";
import { tensor3d, tidy } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { openTorch, readSettings, report } from "./child.js";
import { fm9gConfig } from "./fm9g-config.js";
import { makeTrainingStep } from "./training-step.js";

/** Our side of `bench multimodal`: a published checkpoint is loaded, answers, and by choice is trained by LoRA. */
interface MultimodalSettings {
  readonly folder: string;
  readonly layers: number;
  readonly blocks: number;
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  /** Pixels along the image's side, and tokens of the text. */
  readonly imageSide: number;
  readonly textTokens: number;
  /** GiB for weights; layers that don't fit are streamed. Everything stays unless given. */
  readonly limitGib?: number;
  readonly loraRank?: number;
  readonly recompute?: boolean;
  readonly steps: number;
}

const ANSWER_TOKENS = 8;
const QUERIES = 64;
const GIB = 2 ** 30;
/** Large enough for a few steps to show that the loss falls. */
const LEARNING_RATE = 1e-3;

const settings = readSettings<MultimodalSettings>();
const { folder, imageSide, textTokens, limitGib, loraRank, steps } = settings;
await openTorch(settings);
const config = fm9gConfig(settings);
const model = new ForConditionalGeneration(config);
const sources: FileSource[] = [];
const indexPath = join(folder, "model.safetensors.index.json");
const weights = await openShardedSafetensors(indexPath, readFileSync(indexPath, "utf8"), async (name) => {
  const source = await openFileSource(join(folder, name));
  sources.push(source);
  return source;
});
const began = performance.now();
const plan = await loadWithin(model, mapWeights(weights, imageTextWeights), {
  ...(limitGib !== undefined && { memoryLimit: limitGib * GIB, streamed: "llm.model.layers.*" }),
});
const loading = {
  loadSeconds: (performance.now() - began) / 1000,
  residentGib: plan.residentBytes / GIB,
  plannedPeakGib: plan.peakBytes / GIB,
  streamedLayers: plan.streamed.length,
  loadPeakGib: memoryStats().peakBytes / GIB,
  loadPeakRssGib: process.resourceUsage().maxRSS / 2 ** 20,
};

const random = makeRandom(0, "image");
const pixels = Float32Array.from({ length: 3 * imageSide ** 2 }, () => 2 * random.float() - 1);
const tokens = QUERIES + textTokens;
const row = Int32Array.from({ length: tokens }, () => random.integer(config.decoder.vocabSize));
const inputs: ImageTextInputs = {
  rows: [row],
  images: [tensor3d(pixels, [3, imageSide, imageSide])],
  places: [{ row: 0, start: 2 }],
};
const answers = Array.from({ length: ANSWER_TOKENS }, (_, index) => ({
  row: 0,
  position: tokens - ANSWER_TOKENS + index,
}));

resetPeakBytes();
if (loraRank === undefined) {
  const times: number[] = [];
  const processorTimes: number[] = [];
  for (let index = 0; index < steps; index++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    const logits = tidy(() => model.answerLogits(inputs, answers));
    const values = logits.dataSync();
    if (!values.every(Number.isFinite)) throw new Error("expected finite logits");
    logits.dispose();
    times.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(before);
    processorTimes.push((user + system) / 1e6);
  }
  report({
    ...loading,
    forwardSeconds: median(times),
    forwardCpuSeconds: median(processorTimes),
    forwardPeakGib: memoryStats().peakBytes / GIB,
  });
} else {
  addLora(model, {
    ...{ loraRank, loraAlpha: 2 * loraRank, seed: 0 },
    targets: [
      "llm.model.layers.*.self_attn.{q_a_proj,q_b_proj,kv_a_proj_with_mqa,kv_b_proj,o_proj}",
      "llm.model.layers.*.mlp.{gate_proj,up_proj,down_proj}",
    ],
  });
  if (settings.recompute) applyRecompute(model, "llm.model.layers.*");
  const labels = Int32Array.from(answers, ({ position }) => row[position] as number);
  const losses: number[] = [];
  const times: number[] = [];
  const processorTimes: number[] = [];
  const step = makeTrainingStep(
    model,
    () => tidy(() => softmaxCrossEntropy(model.answerLogits(inputs, answers), labels)),
    LEARNING_RATE,
  );
  const stateBytes = memoryStats().liveBytes;
  for (let index = 0; index < steps; index++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    losses.push(step(index));
    times.push((performance.now() - start) / 1000);
    const { user, system } = process.cpuUsage(before);
    processorTimes.push((user + system) / 1e6);
  }
  report({
    ...loading,
    trainedParameters: trainableParameters(model).count,
    secondsPerStep: median(times.slice(1)),
    cpuSecondsPerStep: median(processorTimes.slice(1)),
    stateGib: stateBytes / GIB,
    stepPeakGib: memoryStats().peakBytes / GIB,
    firstLoss: losses[0] as number,
    lastLoss: losses.at(-1) as number,
  });
}
for (const source of sources) await source.close();
