import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAdapter, mergeAndUnload } from "@graticule/adapters";
import { makeClassifier } from "@graticule/models";
import { listCheckpoints, openSafetensors } from "@graticule/train";
import { afterAll, beforeAll, expect, test } from "vitest";
import { finetuneReport } from "../src/finetune/finetune-report.js";
import {
  type FinetuneConfig,
  finetune,
  finetuneConfig,
  predictImages,
  readFinetuneConfig,
  type SavedModel,
} from "../src/index.js";
import { vitConfigFor } from "../src/vit-model-config.js";
import { writeColorFolder } from "./color-folder.js";
import { tinyVit, writeTinyRun } from "./tuned-base.js";

const model = tinyVit(8);
const backend = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const;

let folder: string;
let images: string;
let base: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-finetune-"));
  images = join(folder, "images");
  base = join(folder, "base");
  await writeColorFolder(images, { train: 8, val: 4, test: 4 });
  await writeTinyRun(base, 8, { kind: "image-folder", root: images }, ["red", "green", "blue"]);
});

afterAll(() => rm(folder, { recursive: true }));

function settings(method: FinetuneConfig["tune"]["method"], epochs = 12): FinetuneConfig {
  return finetuneConfig.parse({
    ...{ backend, from: base, data: { kind: "image-folder", root: images }, loader: { numWorkers: 0 } },
    ...{ model, tune: { method }, dropPathRate: 0.1 },
    optimizer: { baseLearningRate: method === "lora" || method === "linear" ? 0.6 : 0.2 },
    train: { epochs, microBatchSize: 12, checkpointEverySteps: 4, logEverySteps: 1 },
  });
}

async function tensorsOf(runFolder: string): Promise<Map<string, Float32Array>> {
  const [newest] = await listCheckpoints(runFolder);
  const file = await openSafetensors(join(newest?.path as string, "model.safetensors"));
  const tensors = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  await file.close();
  return tensors;
}

test.each(["full", "last-blocks", "linear", "lora"] as const)(
  "%s learns the classes, changes what it trains alone, and predicts",
  async (method) => {
    const run = join(folder, method);
    const { saved, trainable } = await finetune(run, settings(method));
    expect(saved?.scores.numbers.top1).toBeGreaterThan(0.8);
    expect(saved?.split).toBe("test");
    const before = await tensorsOf(base);
    const after = await tensorsOf(run);
    for (const [name, values] of before) {
      const isTrained = trainable.byPath.has(name);
      if (!isTrained) expect(after.get(name), name).toEqual(values);
    }
    const trained = [...trainable.byPath.keys()];
    if (method === "full") expect(trained).toEqual([...after.keys()]);
    if (method === "linear") expect(trained).toEqual(["head.weight", "head.bias"]);
    if (method === "last-blocks") expect(trained.filter((name) => name.startsWith("blocks.0."))).toEqual([]);
    const files = ["green", "red", "water"].map((name) => join(images, "test", name, "0.png"));
    const predictions = await predictImages(run, files, { backend });
    expect(predictions.map(({ classes }) => classes.length)).toEqual([3, 3, 3]);
    const right = predictions.filter(({ path, classes }) => path.includes(`/${classes[0]?.name}/`));
    expect(right.length).toBeGreaterThan(1);
    const { sections } = await finetuneReport(run, settings(method), trainable, saved as SavedModel);
    const [first] = sections;
    expect(first?.figures?.map(({ alt }) => alt)).toEqual([
      "Loss over steps",
      "Validation over steps",
      "Validation: calibrationError over steps",
      "Confusion matrix of the tuned classifier",
    ]);
    expect(first?.figures?.[1]).toMatchObject({ svg: expect.stringMatching(/>top1,( \w+,)* microF1</) });
    const tensors = sections.find(({ heading }) => heading === "Trained tensors")?.table;
    expect(tensors === undefined).toBe(method === "full");
  },
);

test("an adapter in PEFT's files makes the merged classifier of its base, and refuses another base", async () => {
  const run = join(folder, "lora");
  const files = {
    config: await readFile(join(run, "adapter/adapter_config.json"), "utf8"),
    tensors: new Uint8Array(await readFile(join(run, "adapter/adapter_model.safetensors"))),
  };
  const weights = await tensorsOf(base);
  const classifier = makeClassifier({ ...vitConfigFor(model, 3), numClasses: 3 }, { seed: 0 });
  for (const [path, parameter] of classifier.namedParameters()) {
    const values = weights.get(path);
    if (values) parameter.assign(Float32Array.from(values));
  }
  await loadAdapter(classifier, files);
  mergeAndUnload(classifier);
  for (const [path, values] of await tensorsOf(join(run, "tuned")))
    expect(classifier.stateDict().get(path)?.dataSync(), path).toEqual(values);
  await expect(
    loadAdapter(makeClassifier({ ...vitConfigFor(model, 3), numClasses: 3 }, { seed: 1 }), files),
  ).rejects.toThrow(/base/);
  classifier.dispose();
});

test.each([
  ["lora", {}],
  [
    "full",
    {
      loss: { kind: "focal", labelSmoothing: 0.1, classWeights: "balanced" },
      optimizer: { baseLearningRate: 0.3, layerDecay: 0.75 },
      train: { averageDecay: 0.9, keepBest: 2, monitor: "loss" },
      augment: { mixup: 0.2, cutmix: 0.5, erasing: 0.25 },
      loader: { numWorkers: 0, balanceClasses: true },
    },
  ],
] as const)(
  "%s with %j goes on after its first epochs to the weights of one that was never interrupted",
  async (method, changes) => {
    const run = join(folder, `resumed-${method}`);
    const plain = settings(method);
    const config = finetuneConfig.parse({
      ...plain,
      ...changes,
      train: { ...plain.train, ...("train" in changes ? changes.train : {}) },
    });
    await finetune(run, config);
    const whole = await tensorsOf(run);
    const best = await readFile(join(run, "best/best.json"), "utf8");
    expect(JSON.parse(best)).toHaveLength(config.train.keepBest);
    const [last, earlier] = await listCheckpoints(run);
    expect(earlier).toBeDefined();
    await rm(last?.path as string, { recursive: true });
    const { saved } = await finetune(run, await readFinetuneConfig(run), { resume: true });
    expect(await tensorsOf(run)).toEqual(whole);
    expect(await readFile(join(run, "best/best.json"), "utf8")).toBe(best);
    expect(saved?.scores.numbers.top1).toBeGreaterThan(0.8);
  },
);

test("a run ends early when its validation gets no better", async () => {
  const plain = settings("linear");
  const still = {
    ...plain,
    optimizer: { ...plain.optimizer, baseLearningRate: 1e-9 },
    train: { ...plain.train, patienceEpochs: 2 },
  };
  const { step, stopped } = await finetune(join(folder, "early"), still);
  expect(stopped).toBe(false);
  expect(step).toBeLessThan(24);
});
