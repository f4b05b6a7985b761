import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBackend } from "@graticule/train";
import { tensor4d } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tunableModel } from "../src/finetune/tuned-model.js";
import {
  finetune,
  finetuneConfig,
  openEncoder,
  openPretrainedRun,
  openTunedModel,
  openWindowModel,
  predictImages,
} from "../src/index.js";
import { writeColorFolder } from "./color-folder.js";
import { writeTargetFolders } from "./target-folders.js";
import { writeHyperspectralRun } from "./tuned-base.js";

const SIDE = 16;
const backend = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const;
let folder: string;
let base: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-finetune-hyperspectral-"));
  base = join(folder, "base");
  await openBackend(backend);
  await writeHyperspectralRun(base, SIDE, { kind: "image-folder", root: folder });
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
