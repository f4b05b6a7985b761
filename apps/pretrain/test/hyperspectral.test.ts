import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { datasetSpec } from "@graticule/classify";
import { printConfig } from "@graticule/config";
import { openDataset } from "@graticule/data";
import { listCheckpoints, readMetrics, verifyCheckpoint } from "@graticule/train";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compare, pretrain, pretrainConfig, readPretrainConfig, reconstruct } from "../src/index.js";
import { reconstructionReport } from "../src/pretrain-report.js";
import { writeCube } from "./write-cube.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const wavelengthsNm = [460, 490, 560, 620, 665, 740, 840];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-hyperspectral-"));
  await writeCube(join(folder, "scene"), { height: 24, width: 32, wavelengthsNm });
});

afterAll(() => rm(folder, { recursive: true }));

function tinyConfig(changes: { model?: object; train?: object; report?: object } = {}) {
  return pretrainConfig.parse({
    backend: { name: "cpu" },
    data: { kind: "cubes", paths: [join(folder, "scene.hdr")], cropSize: [4, 8], cropsPerEpoch: 16, blockTiles: 1 },
    loader: { numWorkers: 0 },
    model: {
      ...{ kind: "hyperspectral-mae", preset: "tiny", imageSize: [4, 8], patchSize: 2, embedDim: 16, depth: 1 },
      ...{ numHeads: 2, decoderEmbedDim: 8, decoderDepth: 1, decoderNumHeads: 2, maskRatio: 0.5 },
      ...{ tree: "tree0", groups: 2, reducer: "linear" },
      ...changes.model,
    },
    optimizer: { baseLearningRate: 0.1 },
    train: {
      epochs: 3,
      microBatchSize: 8,
      validateEveryEpochs: 1,
      checkpointEverySteps: 1,
      logEverySteps: 1,
      ...changes.train,
    },
    report: { reconstructions: 2, ...changes.report },
  });
}

async function weights(runFolder: string): Promise<string | undefined> {
  const [newest] = await listCheckpoints(runFolder);
  return (await verifyCheckpoint(newest?.path ?? "")).state.files["model.safetensors"]?.sha256;
}

test("a run learns spectra, and reports them true and reconstructed with the error of each band", async () => {
  const runFolder = join(folder, "run");
  const { checkpoint } = await pretrain(runFolder, tinyConfig({ train: { epochs: 60, checkpointEverySteps: 500 } }));
  const { schema } = (await verifyCheckpoint(checkpoint)).state;
  expect(schema.map(({ wavelengthNm }) => wavelengthNm)).toEqual(wavelengthsNm);
  const { evaluations } = await readMetrics(runFolder);
  expect(evaluations).toHaveLength(60);
  const [first, last] = [evaluations[0]?.evaluation.loss as number, evaluations.at(-1)?.evaluation.loss as number];
  expect(last).toBeLessThan(0.8 * first);

  const config = await readPretrainConfig(runFolder, ["report.pixels=[{row: 5, column: 9}]"]);
  const result = await reconstruct(runFolder, config);
  expect(result.shape).toEqual([7, 4, 8]);
  expect(result.images).toHaveLength(2);
  const { model, trainingMean } = result.bandErrors!;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(model).toHaveLength(7);
  expect(mean(model)).toBeLessThan(mean(trainingMean));
  const [spectrum] = result.spectra;
  expect(result.spectra).toHaveLength(1);
  expect(spectrum?.label).toMatch(/^scene\.dat, row 5, column 9 \((train|val)\)$/);
  const bytes = await readFile(join(folder, "scene.dat"));
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  expect(spectrum?.truth).toEqual(wavelengthsNm.map((_, band) => values[(band * 24 + 5) * 32 + 9]));
  expect(spectrum?.reconstruction.every(Number.isFinite)).toBe(true);

  const { sections } = await reconstructionReport(runFolder, config, result);
  expect(sections.map(({ heading }) => heading)).toEqual([
    "Reconstructions of held-out images",
    "Spectra of hidden pixels",
    "Error by band",
  ]);
  expect(sections[0]?.text).toMatch(/bands 4 \(665 nm\), 2 \(560 nm\), 1 \(490 nm\) as red, green and blue/);
  const csv = (await readFile(join(runFolder, "band-errors.csv"), "utf8")).split("\n");
  expect(csv[1]).toMatch(/^"band 1",460,/);

  await writeCube(join(folder, "scene"), { height: 24, width: 32, wavelengthsNm: wavelengthsNm.with(2, 570) });
  await expect(reconstruct(runFolder, config)).rejects.toThrow(/wavelengthNm 560 for channel 2/);
  await expect(pretrain(runFolder, config, { resume: true })).rejects.toThrow(/wavelengthNm 560 for channel 2/);
  await writeCube(join(folder, "scene"), { height: 24, width: 32, wavelengthsNm });
});

test("a run that was killed and resumed ends with the same weights", async () => {
  const config = tinyConfig({ model: { masking: "spectral", bandsPerBlock: 2, wavelengthCondition: true } });
  const whole = join(folder, "whole");
  await pretrain(whole, config);

  const killed = join(folder, "killed");
  await writeFile(join(folder, "killed.yaml"), printConfig(config));
  const args = [main, "run", "--config", join(folder, "killed.yaml"), "--out", killed];
  const child = spawn(process.execPath, ["--conditions=@graticule/source", "--import", "tsx", ...args]);
  const ended = once(child, "exit");
  while ((await listCheckpoints(killed).catch(() => [])).length === 0 && child.exitCode === null) await setTimeout(2);
  child.kill("SIGKILL");
  await ended;
  await pretrain(killed, await readPretrainConfig(killed), { resume: true });
  expect(await weights(killed)).toBe(await weights(whole));
});

test("no pixel is in a training crop and in a held-out one", async () => {
  const { data } = tinyConfig();
  const seen: Record<string, Set<number>> = { train: new Set(), val: new Set() };
  for (const split of ["train", "val"] as const) {
    const dataset = await openDataset(datasetSpec(data, split));
    for (let epoch = 0; epoch < (split === "train" ? 20 : 1); epoch++)
      for (let index = 0; index < dataset.length; index++) {
        const { id } = await dataset.read(index, { seed: 0, epoch });
        const [row = 0, column = 0] = (id.split("@")[1] ?? "").split(",").map(Number);
        for (let pixel = 0; pixel < 32; pixel++)
          seen[split]?.add((row + Math.floor(pixel / 8)) * 32 + column + (pixel % 8));
      }
  }
  expect(seen.val?.size).toBeGreaterThan(100);
  expect([...(seen.val ?? [])].filter((pixel) => seen.train?.has(pixel))).toEqual([]);
});

test("variants are compared over seeds on held-out losses, and finished runs are kept", async () => {
  const variants = [
    { name: "flat", config: tinyConfig({ model: { tree: "flat" } }) },
    { name: "groups", config: tinyConfig() },
  ];
  const first = await compare(join(folder, "compare"), variants, [0, 1]);
  expect(first?.variants.map(({ name, losses }) => [name, losses.length])).toEqual([
    ["flat", 2],
    ["groups", 2],
  ]);
  const [flat, groups] = first?.variants ?? [];
  expect(flat?.losses[0]).not.toBe(flat?.losses[1]);
  expect(first?.difference).toBeCloseTo(Math.abs((flat?.mean ?? 0) - (groups?.mean ?? 0)), 12);
  expect(flat?.spread).toBeCloseTo(Math.abs((flat?.losses[0] ?? 0) - (flat?.losses[1] ?? 0)), 12);
  expect(await compare(join(folder, "compare"), variants, [0, 1])).toEqual(first);
});
