import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadAdapter, mergeAndUnload } from "@graticule/adapters";
import { silentLogger } from "@graticule/core";
import { ForConditionalGeneration, imageTextWeights, mapWeights } from "@graticule/models";
import { encodeFloats } from "@graticule/nn";
import { listCheckpoints, openSafetensors, writeWeights } from "@graticule/train";
import { mean, tensor4d } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerQuestion } from "../src/image-text/answer-question.js";
import { describeImageText } from "../src/image-text/describe-model.js";
import { finetuneImageText } from "../src/image-text/finetune-image-text.js";
import { imageLayout, imageParts } from "../src/image-text/image-layout.js";
import { type ImageTextFinetuneConfig, imageTextFinetuneConfig } from "../src/image-text/image-text-config.js";
import { importImageText } from "../src/image-text/import-model.js";
import { openModelFolder } from "../src/image-text/model-folder.js";
import { newModelConfig, writeNewModel } from "../src/image-text/new-model.js";
import { openWeights } from "../src/index.js";
import { writeColorFolder } from "./color-folder.js";

const isBuilt = existsSync(new URL("../../../packages/tfjs-backend-torch/build/graticule_torch.node", import.meta.url));
const backend = { name: isBuilt ? "torch" : "cpu", device: "cpu", precision: "fp32", threads: 1 } as const;

let folder: string;
let data: { kind: "image-folder"; root: string };
/** A model of random weights, and one that has learned for two epochs. */
let base: string;
let taught: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-image-text-"));
  data = { kind: "image-folder", root: join(folder, "images") };
  base = join(folder, "base");
  await writeColorFolder(data.root, { train: 8, val: 4, test: 4 });
  await writeNewModel(
    base,
    newModelConfig.parse({
      ...{ data, imageSide: 8, patchSize: 4, numQueries: 2, seed: 1 },
      vision: { embedDim: 72, depth: 1, numHeads: 2, mlpDim: 16 },
      decoder: { embedDim: 16, depth: 1, numHeads: 2, mlpDim: 24 },
    }),
  );
  taught = join(folder, "taught");
  const plain = settings("full");
  await finetuneImageText(taught, { ...plain, train: { ...plain.train, epochs: 2 } });
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

function settings(method: "full" | "lora", changes: object = {}): ImageTextFinetuneConfig {
  return imageTextFinetuneConfig.parse({
    ...{ backend, data, loader: { numWorkers: 0 }, image: { size: [8, 8] } },
    from: method === "full" ? base : taught,
    tune: { method, lora: { targets: ["llm.model.layers.*.mlp.*", "resampler.kv_proj"] } },
    optimizer: { learningRate: method === "full" ? 1e-2 : 3e-2 },
    train: { epochs: 8, microBatchSize: 12, checkpointEverySteps: 4, logEverySteps: 1 },
    ...changes,
  });
}

async function tensorsOf(path: string): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(path);
  const tensors = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  await file.close();
  return tensors;
}

/** Share of the test images that a model answers about with the name of their class. */
async function answeredRight(model: string): Promise<number> {
  let right = 0;
  for (const name of ["green", "red", "water"])
    for (let index = 0; index < 4; index++) {
      let text = "";
      const image = join(data.root, "test", name, `${index}.png`);
      for await (const part of answerQuestion(model, image, { backend, maxNewTokens: 5 })) text += part;
      if (text === name) right++;
    }
  return right / 12;
}

test("all of a model learns the classes, answers with their names, and is written as a published model", async () => {
  const run = join(folder, "full");
  const { saved } = await finetuneImageText(run, settings("full"));
  expect(saved?.split).toBe("test");
  expect(saved?.scores.accuracy).toBeGreaterThan(0.8);
  expect(await answeredRight(run)).toBeCloseTo(saved?.scores.accuracy ?? -1, 6);
  const names = [...(await tensorsOf(join(run, "tuned/model.safetensors"))).keys()].sort();
  expect(names).toEqual([...(await tensorsOf(join(base, "model.safetensors"))).keys()].sort());
  expect(existsSync(join(run, "adapter"))).toBe(false);
});

test("greedy answers are right as often as the validation says", async () => {
  const { scores } = JSON.parse(await readFile(join(taught, "scores.json"), "utf8"));
  expect(await answeredRight(taught)).toBeCloseTo(scores.accuracy, 6);
});

test("LoRA learns above a frozen base, and its files are PEFT's and make the merged model", async () => {
  const run = join(folder, "lora");
  const { saved, trainable } = await finetuneImageText(run, settings("lora"));
  expect(saved?.scores.accuracy).toBeGreaterThan(0.6);
  expect(trainable.share).toBeLessThan(0.2);
  const [newest] = await listCheckpoints(run);
  const checkpointed = [...(await tensorsOf(join(newest?.path as string, "model.safetensors"))).keys()];
  expect(checkpointed.every((name) => name.includes("lora_"))).toBe(true);

  const model = new ForConditionalGeneration((await openModelFolder(taught)).config);
  const weights = await openWeights(join(taught, "tuned"));
  await model.loadStateDict(mapWeights(weights, imageTextWeights));
  await weights.close();
  const files = {
    config: await readFile(join(run, "adapter/adapter_config.json"), "utf8"),
    tensors: new Uint8Array(await readFile(join(run, "adapter/adapter_model.safetensors"))),
  };
  expect(JSON.parse(files.config)).toMatchObject({ peft_type: "LORA", r: 8, lora_alpha: 16 });
  await loadAdapter(model, files);
  mergeAndUnload(model);
  const tuned = await openWeights(join(run, "tuned"));
  const merged = mapWeights(tuned, imageTextWeights);
  for (const [path, variable] of model.stateDict()) expect(variable.dataSync(), path).toEqual(await merged.read(path));
  await tuned.close();
  model.dispose();
});

test.each(["lora", "full"] as const)("%s, interrupted, goes on to the same weights", async (method) => {
  const run = join(folder, `resumed-${method}`);
  const plain = settings(method);
  const config = { ...plain, train: { ...plain.train, epochs: 4 } };
  await finetuneImageText(run, config);
  const path = join(run, "tuned/model.safetensors");
  const whole = await tensorsOf(path);
  const [last] = await listCheckpoints(run);
  await rm(last?.path as string, { recursive: true });
  await rm(path);
  await finetuneImageText(run, config, { resume: true });
  expect(await tensorsOf(path)).toEqual(whole);
});

test("weights that are chosen and scored on the same images are warned of", async () => {
  const root = join(folder, "no-test");
  await writeColorFolder(root, { train: 2, val: 1 });
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const train = { epochs: 1, microBatchSize: 6, checkpointEverySteps: 1, logEverySteps: 1 };
  const config = settings("lora", { data: { ...data, root }, train });
  const { saved } = await finetuneImageText(join(folder, "no-test-run"), config, { logger });
  expect(saved?.split).toBe("val");
  expect(
    warnings.filter((message) => message.includes("chosen and scored on the same images, split 'val'")),
  ).toHaveLength(1);
});

test("a head for classes is trained beside LoRA, and gives a class", async () => {
  const run = join(folder, "classes");
  const { saved } = await finetuneImageText(run, settings("lora", { head: "classes" }));
  expect(saved?.scores.accuracy).toBeGreaterThan(0.6);
  const parts = [];
  for await (const part of answerQuestion(run, join(data.root, "test/water/0.png"), { backend, maxNewTokens: 1 }))
    parts.push(part);
  expect(["green", "red", "water"]).toContain(parts.join(""));
});

test("an imported model keeps names, types and bits, and one whose tensors don't fit is refused", async () => {
  const source = join(folder, "published");
  await mkdir(source);
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json"])
    await copyFile(join(base, name), join(source, name));
  const tensors = await tensorsOf(join(base, "model.safetensors"));
  const { tensors: shapes, close } = await openSafetensors(join(base, "model.safetensors"));
  await close();
  const entries = Array.from(tensors, ([name, values], index) => ({
    ...{ name, shape: shapes.get(name)!.shape, dtype: index % 2 ? ("BF16" as const) : ("F32" as const) },
    async *write() {
      yield encodeFloats(index % 2 ? "BF16" : "F32", values);
    },
  }));
  await writeWeights(join(source, "model.safetensors"), entries, { shardBytes: 1e5 });
  const out = join(folder, "imported");
  expect(await importImageText(source, out)).toBe(tensors.size);
  const [theirs, ours] = [await openWeights(source), await openWeights(out)];
  expect([...ours.tensors.keys()]).toEqual([...theirs.tensors.keys()]);
  for (const [name, { dtype }] of theirs.tensors) {
    expect(ours.tensors.get(name)?.dtype).toBe(dtype);
    expect(ours.readStored!(name)).toEqual(theirs.readStored!(name));
  }
  await theirs.close();
  await ours.close();

  const broken = join(folder, "broken");
  await mkdir(broken);
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json"])
    await copyFile(join(base, name), join(broken, name));
  const fewer = entries.filter(({ name }) => name !== "resampler.query");
  await writeWeights(join(broken, "model.safetensors"), fewer);
  await expect(importImageText(broken, join(folder, "never"))).rejects.toThrow("1 missing (resampler.query)");
  await expect(importImageText(source, out)).rejects.toThrow("expected a new folder");
});

test("sliced images are an overview and slices, row by row", () => {
  const layout = imageLayout([896, 448], 9, { patchSize: 14 });
  expect(layout.sliced?.grid).toEqual([2, 1]);
  const [height, width] = layout.size;
  const pixels = Float32Array.from({ length: height * width }, (_, at) => (at < (height / 2) * width ? -1 : 1));
  const parts = imageParts(tensor4d(pixels, [1, 1, height, width]), layout);
  expect(parts).toHaveLength(3);
  expect(parts[0]?.shape.slice(1)).toEqual(layout.sliced?.overview);
  expect(parts.slice(1).map((part) => mean(part).dataSync()[0])).toEqual([-1, 1]);
  expect(() => imageLayout([60, 60], 0, { patchSize: 14 })).toThrow("image.size: expected sides that patches of 14");
});

test("a description counts LoRA's values and shares memory", async () => {
  const { config } = await openModelFolder(base);
  const options = { batch: 2, imageSize: [448, 448] as const, textTokens: 10, answerTokens: 3, loraRank: 2, ranks: 4 };
  const { tokens, training, parameters } = describeImageText(config, options);
  expect(tokens).toBe(15);
  // q_a, q_b, kv_a, kv_b, o; gate, up, down: of widths 16, 8, 24, 8 + 4, 32, 16 and 24.
  const linears = [16 + 8, 8 + 24, 16 + 12, 8 + 32, 16 + 16, 16 + 24, 16 + 24, 24 + 16];
  const lora = training.find(({ way }) => way === "LoRA rank 2");
  expect(lora?.trained).toBe(2 * linears.reduce((sum, each) => sum + each, 0));
  const [full, , shared] = training;
  expect(shared?.memory.optimizer).toBe((8 * parameters.total) / 4);
  expect(full?.stepFlops).toBeGreaterThan(lora?.stepFlops ?? 0);
});
