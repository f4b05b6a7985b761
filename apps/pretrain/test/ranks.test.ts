import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mpiBuilds } from "@graticule/mpi";
import { readMetrics } from "@graticule/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pretrain, readPretrainConfig } from "../src/index.js";
import { writeImageFolder } from "./image-folder.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const hasMpi = mpiBuilds().some(({ launcher }) => launcher !== null);
const reason = hasMpi ? "" : " (skipped: no MPI with its addon)";

const settings = [
  ...["backend.name=cpu", "loader.numWorkers=0", "model.preset=tiny", "model.imageSize=[16,16]", "model.patchSize=4"],
  ...["model.embedDim=16", "model.depth=1", "model.numHeads=2", "model.decoderEmbedDim=16", "model.decoderDepth=1"],
  ...["model.decoderNumHeads=2", "optimizer.baseLearningRate=0.02", "train.microBatchSize=14", "train.epochs=60"],
  ...["train.logEverySteps=1", "data.splitFractions={train: 0.7, val: 0, test: 0.3}"],
];

let folder: string;
let images: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-ranks-"));
  images = join(folder, "images");
  await writeImageFolder(images, 20);
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the command line; `onText` sees what it has printed so far. */
function run(args: readonly string[], onText: (text: string, child: ChildProcess) => void = () => {}) {
  const child = spawn(process.execPath, ["--conditions=@graticule/source", "--import", "tsx", main, ...args]);
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      onText(text, child);
    });
  return new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, text })),
  );
}

describe.skipIf(!hasMpi)(`a run on several ranks${reason}`, () => {
  test("is that of one rank: stopped by a signal on two, it goes on with one to the same curve", async () => {
    const runFolder = join(folder, "two");
    let isAsked = false;
    const { code, text } = await run(
      ["run", `data.root=${images}`, ...settings, "--ranks", "2", "--out", runFolder],
      (sofar, child) => {
        if (isAsked || !sofar.includes("step 1/")) return;
        isAsked = true;
        child.kill("SIGTERM");
      },
    );
    expect(text).toMatch(
      /2 ranks of \w+ on .*\nrank {2}local rank {2}host\s+device {2}threads {2}bound to\n0 .*\n1 .*\n/,
    );
    expect(text).toMatch(/stopped at step \d+; go on with: graticule-pretrain resume/);
    expect(code).toBe(0);

    const stopped = (await readMetrics(runFolder)).steps.length;
    expect(stopped).toBeLessThan(120);
    const config = await readPretrainConfig(runFolder);
    await pretrain(runFolder, config, { resume: true });
    await pretrain(join(folder, "one"), config);
    const [two, one] = [await readMetrics(runFolder), await readMetrics(join(folder, "one"))];
    expect(two.steps.map(({ step }) => step)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    // Sums in another order, which training then carries on.
    for (const [index, { loss }] of one.steps.entries()) expect(two.steps[index]?.loss).toBeCloseTo(loss, 4);
  }, 240_000);

  test("that cannot share its batches says so", async () => {
    const { code, text } = await run(["slurm", `data.root=${images}`, ...settings, "--ranks", "4"]);
    expect(text).toContain("train.microBatchSize: expected a multiple of the 4 ranks that share it, got 14.");
    expect(code).toBe(1);
  });

  test("is written down for Slurm with the same arguments", async () => {
    const out = join(folder, "new");
    const { code, text } = await run(["slurm", `data.root=${images}`, "train.epochs=3", "--ranks", "8", "--out", out]);
    expect(code).toBe(0);
    expect(text).toContain("#SBATCH --ntasks=8\n");
    expect(text).toContain(
      `main.ts run data.root=${images} train.epochs=3 --preset image-folder --out ${out} --ranks 8)`,
    );
    expect(text).toContain(`main.ts resume ${out} --ranks 8)`);
  });
});
