import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRasterPairs, type RasterPairsOptions } from "@graticule/data-geotiff";
import { listCheckpoints, openSafetensors } from "@graticule/train";
import { argMax, slice, type Tensor4D, tensor4d } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  finetune,
  finetuneConfig,
  type OpenTunedModel,
  openPretrainedRun,
  openTunedModel,
  readFinetuneConfig,
} from "../src/index.js";
import { writeTargetFolders } from "./target-folders.js";
import { tinyVit, writeTinyRun } from "./tuned-base.js";

const SIDE = 16;
const backend = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const;
let folder: string;
let pairs: object;
let table: object;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-tasks-"));
  await writeTargetFolders(folder, 16, SIDE);
  const shared = {
    kind: "raster-pairs",
    images: join(folder, "images"),
    splitFractions: { train: 0.5, val: 0.25, test: 0.25 },
  };
  pairs = { ...shared, targets: { classes: join(folder, "labels"), red: `${folder}/redness/*.tif` } };
  table = { kind: "image-table", table: join(folder, "table.csv") };
  await writeTinyRun(join(folder, "base"), SIDE, { kind: "image-folder", root: folder }, ["red", "green", "blue"]);
});

afterAll(() => rm(folder, { recursive: true }));

const segmentationTask = { kind: "segmentation", head: "linear", target: "classes", ignoreValues: [99] };
const regressionTask = { kind: "regression", head: "linear", target: "red", ignoreValues: [-1], unit: "m" };

function settings(data: object, task: object, changes: { tune?: object; train?: object } = {}) {
  return finetuneConfig.parse({
    ...{ backend, from: join(folder, "base"), data, task, loader: { numWorkers: 0 }, model: tinyVit(SIDE) },
    augment: { cropScale: [0.6, 1], interpolation: "bilinear" },
    optimizer: { baseLearningRate: 0.6 },
    tune: changes.tune,
    train: { epochs: 30, microBatchSize: 4, checkpointEverySteps: 8, logEverySteps: 1, ...changes.train },
  });
}

test("segmentation finds the classes of pixels, merges its adapter, and is opened again", async () => {
  const run = join(folder, "segmentation");
  const { saved, trainable } = await finetune(
    run,
    settings(pairs, segmentationTask, { tune: { method: "lora" }, train: { averageDecay: 0.8 } }),
  );
  expect(saved?.scores.numbers.mIoU).toBeGreaterThan(0.55); // patches are 4 pixels wide
  expect([...trainable.byPath.keys()].filter((path) => !/^heads\.0\.|adapter/.test(path))).toEqual([]);
  expect(JSON.parse(await readFile(join(run, "task.json"), "utf8"))[""].classValues).toEqual([0, 10, 20]);
  const [report] = saved?.reports ?? [];
  expect(report?.headline["mIoU %"]).toMatch(/^\d+\.\d$/);
  expect(Number(report?.headline["majority class: mIoU %"])).toBeLessThan(34); // one of three classes
  expect(report?.sections.map(({ heading }) => heading)).toEqual(["Classes", "Pictures"]);
  const model = await openTunedModel(await openPretrainedRun(run));
  expect(model.outputs).toEqual([
    {
      name: "",
      isDense: true,
      meaning: { kind: "classes", activation: "softmax", classNames: ["0", "10", "20"], classValues: [0, 10, 20] },
    },
  ]);
  const red = [1.6, -0.6, -0.6].flatMap((value) => new Array<number>(SIDE * SIDE).fill(value));
  const [scores] = model.windowScores(tensor4d(red, [1, 3, SIDE, SIDE]));
  expect(scores?.shape).toEqual([1, SIDE, SIDE, 3]);
  expect(await shareRight(model)).toBeGreaterThan(0.6); // a third by chance
  const middle = slice(scores as Tensor4D, [0, 8, 8, 0], [1, 1, 1, 3]).dataSync();
  expect(middle[0]! + middle[1]! + middle[2]!).toBeCloseTo(1, 5);
  model.dispose();
});

/** Share of the first training image's labelled pixels whose class has the highest score. */
async function shareRight(model: OpenTunedModel): Promise<number> {
  const training = await openRasterPairs({ ...(pairs as RasterPairsOptions), split: "train" });
  const { pixels, arrays } = await training.read(0);
  const labels = arrays?.classes?.data as Float32Array;
  const images = tensor4d(
    Float32Array.from(pixels, (value) => (value - 90) / 50),
    [1, 3, SIDE, SIDE],
  );
  const found = argMax(model.windowScores(images)[0] as Tensor4D, -1).dataSync();
  const labelled = [...labels.keys()].filter((pixel) => labels[pixel] !== 99);
  return labelled.filter((pixel) => [0, 10, 20][found[pixel] as number] === labels[pixel]).length / labelled.length;
}

test("regression of pixels tells values in their unit; of images by a table's column", async () => {
  const dense = await finetune(
    join(folder, "redness-run"),
    settings(pairs, { ...regressionTask, loss: { kind: "huber" } }),
  );
  expect(dense.saved?.scores.numbers.r2).toBeGreaterThan(0.5);
  expect(dense.saved?.scores.numbers.rmse).toBeLessThan(0.45); // of values from 3.4 to 4.7
  const model = await openTunedModel(await openPretrainedRun(join(folder, "redness-run")));
  expect(model.outputs[0]?.meaning).toEqual({ kind: "values", names: ["red"], unit: "m" });
  model.dispose();
  const whole = { kind: "regression", target: "share", loss: { kind: "mae" } };
  const pooled = await finetune(join(folder, "share"), settings(table, whole, { tune: { method: "last-blocks" } }));
  expect(pooled.saved?.scores.numbers.mae).toBeLessThan(0.5);
  expect(pooled.saved?.reports[0]?.figures).toHaveLength(1);
});

test("multi-label learns the classes of a table, and rare ones count more", async () => {
  const task = { kind: "multi-label", loss: { positiveWeights: "balanced", gamma: 1 } };
  const { saved } = await finetune(join(folder, "labels-run"), settings(table, task, { train: { epochs: 30 } }));
  expect(saved?.scores.numbers.mAP).toBeGreaterThan(0.7);
  expect(Object.keys(saved?.scores.numbers ?? {})).toEqual(["loss", "mAP", "microF1", "macroF1"]);
});

async function tensorsOf(runFolder: string): Promise<Map<string, Float32Array>> {
  const [newest] = await listCheckpoints(runFolder);
  const file = await openSafetensors(join(newest?.path as string, "model.safetensors"));
  const tensors = new Map<string, Float32Array>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  await file.close();
  return tensors;
}

test("two tasks train on one encoder, and go on to the same weights", async () => {
  const task = {
    kind: "several",
    tasks: {
      cover: { task: { ...segmentationTask, head: "linear", loss: { dice: 0.5, classWeights: "balanced" } } },
      redness: { weight: 0.5, task: regressionTask },
    },
  };
  const run = join(folder, "several");
  const { saved } = await finetune(run, settings(pairs, task));
  expect(saved?.scores.numbers["cover/mIoU"]).toBeGreaterThan(0.4);
  expect(saved?.scores.numbers["redness/r2"]).toBeGreaterThan(0.3);
  const numbers: Readonly<Record<string, number>> = saved?.scores.numbers ?? {};
  expect(numbers.loss).toBeCloseTo((numbers["cover/loss"] as number) + 0.5 * (numbers["redness/loss"] as number), 6);
  const whole = await tensorsOf(run);
  const [last] = await listCheckpoints(run);
  await rm(last?.path as string, { recursive: true });
  await finetune(run, await readFinetuneConfig(run), { resume: true });
  expect(await tensorsOf(run)).toEqual(whole);
});

test("settings that don't fit the data or the task are refused", async () => {
  const run = join(folder, "refused");
  const start = (task: object, changes: object = {}) => finetune(run, { ...settings(pairs, task), ...changes });
  await expect(start({ ...segmentationTask, target: "cover" })).rejects.toThrow(
    "task.target: expected data with an array 'cover', got those of classes, red.",
  );
  await expect(start({ ...segmentationTask, classNames: ["a"] })).rejects.toThrow(
    "task.classNames: expected a name for each of the classes 0, 10, 20, got a.",
  );
  await expect(start({ ...regressionTask, head: "pooled" })).rejects.toThrow(/task.head: expected linear or upernet/);
  const mixed = { ...settings(pairs, segmentationTask).augment, mixup: 0.5 };
  await expect(start(segmentationTask, { augment: mixed })).rejects.toThrow(
    /mixup 0 and cutmix 0 for task segmentation/,
  );
  const { train } = settings(pairs, segmentationTask);
  await expect(start(segmentationTask, { train: { ...train, monitor: "top1" } })).rejects.toThrow(
    "train.monitor: expected mIoU, pixelAccuracy, macroF1, loss, got top1.",
  );
});
