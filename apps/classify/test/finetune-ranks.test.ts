import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { mpiBuilds } from "@graticule/mpi";
import { readMetrics } from "@graticule/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeColorFolder } from "./color-folder.js";
import { writeHyperspectralRun, writeTinyRun } from "./tuned-base.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const hasMpi = mpiBuilds().some(({ launcher }) => launcher !== null);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-finetune-ranks-"));
  await writeColorFolder(join(folder, "images"), { train: 8, val: 3, test: 3 });
  const data = { kind: "image-folder", root: join(folder, "images") };
  await writeTinyRun(join(folder, "base"), 8, data, ["red", "green", "blue"]);
  await writeHyperspectralRun(join(folder, "bands"), 8, data);
});

afterAll(() => rm(folder, { recursive: true }));

const settings = [
  ...["tune.method=lora", "backend.name=cpu", "loader.numWorkers=0", "train.epochs=2", "train.microBatchSize=12"],
  ...["train.logEverySteps=1", "optimizer.baseLearningRate=0.5", "augment.mixup=0.5"],
];

async function lossesOf(base: string, name: string, ...flags: string[]): Promise<number[]> {
  const out = join(folder, name);
  const node = ["--conditions=@graticule/source", "--import", "tsx", main];
  await promisify(execFile)(process.execPath, [
    ...node,
    "finetune",
    join(folder, base),
    ...settings,
    "--out",
    out,
    ...flags,
  ]);
  const { steps, evaluations } = await readMetrics(out);
  return [...steps.map(({ loss }) => loss), ...evaluations.map(({ evaluation }) => evaluation.loss as number)];
}

describe.skipIf(!hasMpi)(`fine-tuning on ranks${hasMpi ? "" : " (skipped: no MPI with its addon)"}`, () => {
  test("two ranks train as one does, with mixed images and LoRA's dropout", async () => {
    const alone = await lossesOf("base", "one", "augment.erasing=0.5");
    const shared = await lossesOf("base", "two", "augment.erasing=0.5", "--ranks", "2");
    expect(shared).toHaveLength(6);
    for (const [index, loss] of alone.entries()) expect(shared[index]).toBeCloseTo(loss, 5); // sums in another order
  }, 300_000);

  test("two ranks with bands of their own train as one does", async () => {
    const alone = await lossesOf("bands", "all bands", "tune.lora.dropout=0");
    const dchag = ["parallel.tp=2", "parallel.dchag=true", "--ranks", "2"];
    const shared = await lossesOf("bands", "own bands", "tune.lora.dropout=0", ...dchag);
    expect(shared).toHaveLength(6);
    for (const [index, loss] of alone.entries()) expect(shared[index]).toBeCloseTo(loss, 5);
  }, 300_000);
});
