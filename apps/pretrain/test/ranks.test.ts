import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printConfig } from "@graticule/config";
import { mpiBuilds } from "@graticule/mpi";
import { openBackend, readMetrics } from "@graticule/train";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PretrainConfig, pretrain, pretrainConfig, readPretrainConfig, reconstruct } from "../src/index.js";
import { writeImageFolder } from "./image-folder.js";
import { writeCube } from "./write-cube.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const hasMpi = mpiBuilds().some(({ launcher }) => launcher !== null);
const reason = hasMpi ? "" : " (skipped: no MPI with its addon)";

const hasTorch = await openBackend({ name: "torch", device: "cpu", precision: "fp32", threads: 1 }).then(
  () => true,
  () => false,
);

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
      /2 ranks, dp 2 × fsdp 1 × tp 1 \(NO_SHARD\), of \w+ on .*\nrank {2}local rank {2}host\s+device {2}threads {2}bound to\n0 .*\n1 .*\n/,
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

  /** Trains on one rank, and on two with these settings: the largest difference of losses, relative. */
  async function differenceOnTwo(name: string, config: PretrainConfig, ...parallel: string[]): Promise<number> {
    const file = join(folder, `${name}.yaml`);
    await writeFile(file, printConfig(config));
    const two = join(folder, `${name}-two`);
    const { code, text } = await run(["run", "--config", file, ...parallel, "--ranks", "2", "--out", two]);
    expect([code, text]).toEqual([0, expect.stringContaining("report:")]);
    await pretrain(join(folder, `${name}-one`), config);
    const losses = async (run: string): Promise<number[]> => {
      const { steps, evaluations } = await readMetrics(join(folder, `${name}-${run}`));
      return [...steps, ...evaluations.map(({ evaluation }) => evaluation)].map(({ loss }) => loss as number);
    };
    const [actual, expected] = [await losses("two"), await losses("one")];
    expect(actual).toHaveLength(expected.length);
    return expected.reduce((most, loss, at) => Math.max(most, Math.abs((actual[at] as number) / loss - 1)), 0);
  }

  /** AdamW makes whole steps of gradients that are zero but for rounding, unless epsilon is large. */
  const optimizer = { baseLearningRate: 0.5, epsilon: 1e-3, clipNorm: 1 };
  const train = { epochs: 2, logEverySteps: 1, validateEveryEpochs: 1, recompute: "blocks.*" };

  test.skipIf(!hasTorch)(
    `in shards has the losses of one rank, also over held-out images that the ranks don't divide${hasTorch ? "" : " (skipped: no LibTorch)"}`,
    async () => {
      const config = pretrainConfig.parse({
        backend: { name: "torch", threads: 1 },
        data: { kind: "image-folder", root: images, splitFractions: { train: 0.8, val: 0.125, test: 0.075 } },
        loader: { numWorkers: 0 },
        model: {
          ...{ kind: "mae", preset: "tiny", imageSize: [16, 16], patchSize: 4, embedDim: 16, depth: 2, numHeads: 2 },
          ...{ decoderEmbedDim: 16, decoderDepth: 1, decoderNumHeads: 2 },
        },
        train: { ...train, microBatchSize: 8 },
        ...{ optimizer, report: { reconstructions: 1 } },
      });
      const shards = ["parallel.sharding=HYBRID_SHARD", "parallel.shardSize=2", "parallel.forwardPrefetch=true"];
      expect(await differenceOnTwo("shards", config, ...shards)).toBeLessThan(1e-5);
      expect((await reconstruct(join(folder, "shards-two"), config)).images).toHaveLength(1);
    },
    600_000,
  );

  test("with groups of channels and layers divided has the losses of one rank", async () => {
    const wavelengthsNm = [460, 490, 560, 620, 665, 740, 840];
    await writeCube(join(folder, "scene"), { height: 24, width: 32, wavelengthsNm });
    const config = pretrainConfig.parse({
      backend: { name: "cpu" },
      data: { kind: "cubes", paths: [join(folder, "scene.hdr")], cropSize: [4, 8], cropsPerEpoch: 16, blockTiles: 1 },
      loader: { numWorkers: 0 },
      model: {
        ...{ kind: "hyperspectral-mae", preset: "tiny", imageSize: [4, 8], patchSize: 2, embedDim: 16, depth: 1 },
        ...{ numHeads: 2, decoderEmbedDim: 8, decoderDepth: 1, decoderNumHeads: 2, maskRatio: 0.5 },
        ...{ tree: "tree0", groups: 2, reducer: "cross-attention", wavelengthCondition: true },
      },
      train: { ...train, microBatchSize: 8 },
      ...{ optimizer, report: { reconstructions: 0 } },
    });
    const divided = ["parallel.tp=2", "parallel.dchag=true", "parallel.sequence=true"];
    expect(await differenceOnTwo("groups", config, ...divided)).toBeLessThan(1e-5);
  }, 600_000);

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
