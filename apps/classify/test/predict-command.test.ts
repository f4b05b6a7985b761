import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeRandom } from "@graticule/core";
import { openCogWriter, openRaster } from "@graticule/data-geotiff";
import { makeClassifier } from "@graticule/models";
import { openBackend, saveCheckpoint } from "@graticule/train";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskConfig } from "../src/finetune/tasks/task-config.js";
import { makeModelWithHeads } from "../src/finetune/tuned-model.js";
import { mapRaster, openWindowModel, predictImages } from "../src/index.js";
import { describeVit, vitModelConfig } from "../src/vit-model-config.js";
import { writeColorFolder } from "./color-folder.js";

const folder = mkdtempSync(join(tmpdir(), "graticule-predict-"));
const [run, images, tile] = [join(folder, "run"), join(folder, "images"), join(folder, "tile.tif")];
const backend = { name: "cpu", device: "cpu", precision: "fp32", threads: 0 } as const;
const node = [
  "--conditions=@graticule/source",
  "--import",
  "tsx",
  fileURLToPath(new URL("../src/main.ts", import.meta.url)),
];
const classify = (...args: string[]) => promisify(execFile)(process.execPath, [...node, ...args]);

beforeAll(async () => {
  await writeColorFolder(images, { train: 1, val: 0, test: 1 });
  await openBackend(backend);
  const classNames = ["green", "red", "water"];
  const shape = {
    ...{ imageSize: [8, 8] as const, patchSize: 4, inChannels: 3, embedDim: 8, depth: 2, numHeads: 2, mlpDim: 16 },
    ...{ normEpsilon: 1e-6, pool: "mean" as const, numClasses: 3 },
  };
  const classifier = makeClassifier(shape, { seed: 3 });
  for (const [path, parameter] of classifier.namedParameters())
    if (path === "head.weight")
      parameter.assign(Float32Array.from({ length: 24 }, (_, at) => 2 * makeRandom(1, at).float() - 1));
  const schema = ["red", "green", "blue"].map((name) => ({ name, mean: 90, std: 50 }));
  await saveCheckpoint({
    ...{ runFolder: run, keep: 1, model: classifier.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
    state: {
      ...{ step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0, seed: 3, schema },
      config: { seed: 3, data: { kind: "image-folder", root: images }, model: describeVit(shape), classNames } as never,
    },
  });
  classifier.dispose();
  const bandNames = ["red", "green", "blue"];
  const writer = await openCogWriter(tile, { width: 12, height: 12, bands: 3, dtype: "uint8", bandNames, epsg: 32633 });
  const random = makeRandom(2, "tile");
  await writer.writeWindow(
    { row: 0, column: 0, width: 12, height: 12 },
    Uint8Array.from({ length: 432 }, () => random.integer(256)),
  );
  await writer.close();
});

afterAll(() => rmSync(folder, { recursive: true }));

test("a map of one window has the probabilities that the image has", async () => {
  const [prediction] = await predictImages(run, [tile], { backend });
  const model = await openWindowModel(run);
  const base = join(folder, "one");
  const options = { windowHeight: 12, batchSize: 4, probabilities: "float32", precision: "fp32" } as const;
  const { files, windows } = await mapRaster(model, tile, base, options);
  model.dispose();
  expect(windows).toBe(1);
  const raster = await openRaster(files[1] as string);
  expect(raster.bandNames).toEqual(["green", "red", "water"]);
  for (const { name, probability } of prediction?.classes ?? []) {
    const band = await raster.readWindow({ row: 3, column: 2, width: 5, height: 4, bands: [name] });
    // Weighted sum ÷ weight in float32.
    for (const value of band) expect(Math.abs(value - probability)).toBeLessThan(3e-7);
  }
});

test("a run tuned for several tasks maps each of them, a class or a value for each pixel", async () => {
  const dense = join(folder, "dense");
  const model = vitModelConfig.parse({
    ...{ kind: "vit", imageSize: [8, 8], patchSize: 4, embedDim: 8, depth: 2, numHeads: 2, mlpDim: 16 },
    ...{ normEpsilon: 1e-6, pool: "mean" },
  });
  const cover = { kind: "segmentation", head: "linear" };
  const height = { kind: "regression", head: "linear" };
  const task = taskConfig.parse({ kind: "several", tasks: { cover: { task: cover }, height: { task: height } } });
  const facts = {
    cover: { classValues: [2, 5, 9], classNames: ["a", "b", "c"], counts: [1, 1, 1], labelledShare: 1 },
    height: { names: ["height"], mean: [10], std: [3], knownShare: 1 },
  };
  const heads = [
    { kind: "linear", outputs: 3 },
    { kind: "linear", outputs: 1 },
  ] as const;
  const schema = ["red", "green", "blue"].map((name) => ({ name, mean: 90, std: 50 }));
  const made = makeModelWithHeads(model, { schema, heads, dropPathRate: 0, seed: 1 });
  await saveCheckpoint({
    ...{ runFolder: dense, keep: 1, model: made.module.stateDict() },
    ...{ optimizer: { tensors: new Map(), updates: {} } },
    state: {
      ...{ step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0, seed: 3 },
      schema,
      config: { seed: 3, data: { kind: "image-folder", root: images }, model, tasks: { task, facts } } as never,
    },
  });
  made.module.dispose();
  await expect(openWindowModel(dense)).rejects.toThrow("expected a task among cover, height, got none");
  const options = { batchSize: 4, probabilities: "float32", precision: "fp32" } as const;
  const covers = await openWindowModel(dense, "cover");
  const { files } = await mapRaster(covers, tile, join(folder, "cover"), options);
  covers.dispose();
  const classes = await openRaster(files[0] as string);
  const values = await classes.readWindow({ row: 0, column: 0, width: 12, height: 12 });
  expect([...new Set(values)].every((value) => [2, 5, 9].includes(value))).toBe(true);
  const heights = await openWindowModel(dense, "height");
  expect([heights.isDense, heights.meaning.kind]).toEqual([true, "values"]);
  const map = await mapRaster(heights, tile, join(folder, "height"), options);
  heights.dispose();
  expect(map.files).toEqual([join(folder, "height.values.tif")]);
  await expect(predictImages(dense, [tile], { backend })).rejects.toThrow("got one tuned for several");
});

test("the command takes folders, and maps rasters once", { timeout: 120_000 }, async () => {
  const { stdout } = await classify("predict", run, images, "--json");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const paths = ["test", "train"].flatMap((split) => ["green", "red", "water"].map((name) => `${split}/${name}/0.png`));
  expect(lines.map(({ path }) => path)).toEqual(paths.map((path) => join(images, path)));
  const map = ["predict", run, tile, "--out", join(folder, "maps"), "--stride", "2", "--resolution", "2"];
  expect((await classify(...map)).stdout).toMatch(
    /tile\.tif: 9 windows, .* a second, .*\/s\n {2}.*tile\.classes\.tif\n/,
  );
  expect((await classify(...map)).stdout).toMatch(/tile\.tif: there already\n/);
  await expect(classify("predict", run, tile, join(images, "../tile.tif"), "--out", folder)).rejects.toMatchObject({
    stderr: expect.stringContaining("expected rasters of different names"),
  });
});

test("a server starts, answers, and stops at SIGTERM", { timeout: 120_000 }, async () => {
  const server = spawn(process.execPath, [...node, "serve", run, "--port", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  const address = await new Promise<string>((resolve, reject) => {
    server.stderr.on("data", (data) => {
      log += data;
      const found = /serving .* at (http:\S+)/.exec(log)?.[1];
      if (found) resolve(found);
    });
    server.on("exit", () => reject(new Error(log)));
  });
  const answer = await fetch(`${address}/classify?top=1`, {
    method: "POST",
    body: new Uint8Array(readFileSync(tile)) as never,
  });
  expect(await answer.json()).toMatchObject({ width: 12, height: 12, classes: [{ name: expect.any(String) }] });
  server.kill("SIGTERM");
  expect(await once(server, "exit")).toEqual([0, null]);
  expect(log).toContain("stopping");
});
