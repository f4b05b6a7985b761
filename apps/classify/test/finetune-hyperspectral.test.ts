import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeHyperspectralMae } from "@graticule/models";
import { openBackend, saveCheckpoint } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tunableModel } from "../src/finetune/tuned-model.js";
import {
  finetune,
  finetuneConfig,
  hyperspectralConfigFor,
  maskedModelConfig,
  openEncoder,
  openPretrainedRun,
  openTunedModel,
  openWindowModel,
  predictImages,
} from "../src/index.js";
import { writeColorFolder } from "./color-folder.js";
import { writeTargetFolders } from "./target-folders.js";

const SIDE = 16;
const backend = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const;
let folder: string;
let base: string;

/** A run that holds a hyperspectral masked autoencoder with its first values, for three bands. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-finetune-hyperspectral-"));
  base = join(folder, "base");
  await openBackend(backend);
  const model = maskedModelConfig.parse({
    ...{ kind: "hyperspectral-mae", preset: "tiny", imageSize: [SIDE, SIDE], patchSize: 4, embedDim: 8, depth: 2 },
    ...{ numHeads: 2, mlpDim: 16, decoderEmbedDim: 4, decoderDepth: 1, decoderNumHeads: 2 },
    ...{ tree: "tree0", groups: 2, reducer: "linear" },
  });
  const schema = ["red", "green", "blue"].map((name) => ({ name, mean: 90, std: 50 }));
  if (model.kind !== "hyperspectral-mae") throw new Error("another kind");
  const mae = makeHyperspectralMae(hyperspectralConfigFor(model, schema), { seed: 3 });
  await saveCheckpoint({
    ...{ runFolder: base, keep: 1, model: mae.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
    state: {
      ...{ step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0, seed: 3, schema },
      config: JSON.parse(JSON.stringify({ seed: 3, data: { kind: "image-folder", root: folder }, model })),
    },
  });
  mae.dispose();
});

afterAll(() => rm(folder, { recursive: true }));

async function settings(from: string, data: object, changes: object) {
  const model = JSON.parse(JSON.stringify(tunableModel(await openPretrainedRun(from))));
  return finetuneConfig.parse({
    ...{ backend, from, data, model, loader: { numWorkers: 0 } },
    augment: { cropScale: [0.6, 1], interpolation: "bilinear" },
    optimizer: { baseLearningRate: 0.6 },
    train: { epochs: 20, microBatchSize: 4, checkpointEverySteps: 8 },
    ...changes,
  });
}

test("the encoder of a hyperspectral masked autoencoder is tuned to segment, by adapters named by path", async () => {
  await writeTargetFolders(join(folder, "targets"), 16, SIDE);
  const data = {
    ...{ kind: "raster-pairs", images: join(folder, "targets/images"), targets: join(folder, "targets/labels") },
    splitFractions: { train: 0.5, val: 0.25, test: 0.25 },
  };
  const task = { kind: "segmentation", head: "linear", ignoreValues: [99] };
  const tune = { method: "lora", lora: { targets: ["blocks.*.attn.qkv.{q,v}", "blocks.*.mlp.fc1"] } };
  const run = join(folder, "segmentation");
  const { saved, trainable } = await finetune(run, await settings(base, data, { task, tune }));
  expect([...trainable.byPath.keys()].filter((path) => !/^heads\.0\.|adapter/.test(path))).toEqual([]);
  const adapter = JSON.parse(await readFile(join(run, "adapter/adapter_config.json"), "utf8"));
  expect(adapter.r).toBe(8);
  const commonest = Number(saved?.reports[0]?.headline["majority class: mIoU %"]) / 100;
  expect(saved?.scores.numbers.mIoU).toBeGreaterThan(1.5 * commonest);
  const model = await openTunedModel(await openPretrainedRun(run));
  const images = tensor4d(new Float32Array(3 * SIDE * SIDE), [1, 3, SIDE, SIDE]);
  expect(model.windowScores(images)[0]?.shape).toEqual([1, SIDE, SIDE, 3]);
  model.dispose();
  const windows = await openWindowModel(run);
  expect([windows.isDense, windows.imageSize]).toEqual([true, [SIDE, SIDE]]);
  windows.dispose();
});

test("it is tuned to classify, predicts, and is tuned on or probed from there", async () => {
  await writeColorFolder(join(folder, "colors"), { train: 8, val: 4, test: 4 }, SIDE);
  const data = {
    kind: "image-folder",
    root: join(folder, "colors"),
    splitFractions: { train: 0.5, val: 0.25, test: 0.25 },
  };
  const run = join(folder, "classes");
  const { saved } = await finetune(run, await settings(base, data, { tune: { method: "full" } }));
  expect(saved?.scores.numbers.top1).toBeGreaterThan(0.8);
  const tuned = await openPretrainedRun(run);
  expect(tuned.run.model).toMatchObject({ kind: "channel-vit", groups: 2, numClasses: tuned.run.classNames?.length });
  const [first] = tuned.run.classNames as [string];
  const paths = [join(folder, "colors/test", first, "0.png")];
  const [prediction] = await predictImages(run, paths, { backend, batchSize: 1 });
  expect(prediction?.classes[0]?.name).toBe(first);
  const encoder = await openEncoder(tuned, "mean");
  expect(encoder.features(tensor4d(new Float32Array(3 * SIDE * SIDE), [1, 3, SIDE, SIDE])).shape).toEqual([1, 8]);
  encoder.dispose();
  await expect(openEncoder(tuned, "cls")).rejects.toThrow("pool: expected 'mean' for a channel-vit");
  const train = { epochs: 1, microBatchSize: 4 };
  const again = await finetune(join(folder, "again"), await settings(run, data, { train, tune: { method: "linear" } }));
  expect([...again.trainable.byPath.keys()]).toEqual(["heads.0.proj.weight", "heads.0.proj.bias"]);
});
