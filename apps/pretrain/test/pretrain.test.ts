import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { evaluateConfig, evaluateEncoder, predictImages, readConfig, writeProbe } from "@graticule/classify";
import { verifyCheckpoint } from "@graticule/train";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pretrain, pretrainConfig, readPretrainConfig, reconstruct } from "../src/index.js";
import { writeImageFolder } from "./image-folder.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const presets = fileURLToPath(new URL("../presets/", import.meta.url));

let folder: string;
let images: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-pretrain-"));
  images = join(folder, "images");
  await writeImageFolder(images, 20);
});

afterAll(() => rm(folder, { recursive: true }));

function tinyConfig(epochs: number) {
  return pretrainConfig.parse({
    backend: { name: "cpu" },
    data: { kind: "image-folder", root: images, splitFractions: { train: 0.7, val: 0, test: 0.3 } },
    loader: { numWorkers: 0 },
    model: {
      ...{ preset: "tiny", imageSize: [16, 16], patchSize: 4, embedDim: 16, depth: 1, numHeads: 2 },
      ...{ decoderEmbedDim: 16, decoderDepth: 1, decoderNumHeads: 2 },
    },
    optimizer: { baseLearningRate: 0.02 },
    train: { epochs, microBatchSize: 14, recompute: "blocks.*" },
  });
}

/** Runs the command line from source; gives its exit code and what it printed. */
async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const node = ["--conditions=@graticule/source", "--import", "tsx", main, ...args];
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, node)) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

test("a run trains, continues for more epochs, reconstructs, and its encoder is probed and predicts", async () => {
  const runFolder = join(folder, "run");
  const first = await pretrain(runFolder, tinyConfig(4));
  expect(first).toMatchObject({ step: 8, epoch: 4, stopped: false });

  const config = await readPretrainConfig(runFolder, ["train.epochs=12"]);
  const second = await pretrain(runFolder, config, { resume: true });
  expect(second.step).toBe(24);
  expect(second.loss).toBeLessThan(first.loss as number);
  const { state } = await verifyCheckpoint(second.checkpoint);
  expect(state.schema.map(({ name }) => name)).toEqual(["red", "green", "blue"]);
  expect(state.schema[0]?.mean).toBeGreaterThan(100);

  const { images: pictures, shape } = await reconstruct(runFolder, config);
  expect(shape).toEqual([3, 16, 16]);
  expect(pictures).toHaveLength(6);
  for (const { input, masked, reconstruction } of pictures) {
    const hidden = masked.filter(Number.isNaN).length;
    expect(hidden).toBe(0.75 * input.length);
    expect(reconstruction.every(Number.isFinite)).toBe(true);
    expect(reconstruction.filter((value, index) => value !== input[index]).length).toBeGreaterThan(0.9 * hidden);
  }

  const evaluation = evaluateConfig.parse({
    data: config.data,
    backend: { name: "cpu" },
    numWorkers: 0,
    compare: ["random", "pixels"],
  });
  const probe = await evaluateEncoder("probe", runFolder, evaluation);
  expect(probe.evaluations.map(({ features }) => features)).toEqual(["pretrained", "random", "pixels"]);
  const [{ metrics, classifier, classNames }] = probe.evaluations as [(typeof probe.evaluations)[0]];
  expect(metrics.top1).toBe(1);
  const knn = await evaluateEncoder("knn", runFolder, evaluation);
  expect(knn.evaluations[0]?.metrics.numItems).toBe(12);

  const { encoderHash } = probe;
  await writeProbe(join(runFolder, "probe.safetensors"), {
    classifier: classifier!,
    classNames,
    pool: "mean",
    encoderHash,
  });
  const broken = join(folder, "broken.png");
  await writeFile(broken, "no image");
  const { backend } = tinyConfig(1);
  const predictions = await predictImages(
    runFolder,
    [join(images, "dark/0.png"), broken, join(images, "light/3.png")],
    { backend },
  );
  expect(predictions.map(({ path, classes }) => [path.slice(images.length), classes[0]?.name])).toEqual([
    ["/dark/0.png", "dark"],
    ["/light/3.png", "light"],
  ]);

  await pretrain(runFolder, await readPretrainConfig(runFolder, ["train.epochs=13"]), { resume: true });
  await expect(predictImages(runFolder, [broken], { backend })).rejects.toThrow(/an encoder with sha256/);
});

test("a new run does not overwrite another one's checkpoints", async () => {
  const runFolder = join(folder, "twice");
  await pretrain(runFolder, tinyConfig(1));
  await expect(pretrain(runFolder, tinyConfig(1))).rejects.toThrow(/expected no checkpoints for a new run/);
});

test("every preset is a valid configuration", async () => {
  for (const name of ["hyperspectral", "image-folder", "quickstart", "ucmerced"])
    expect(
      (
        await readConfig(pretrainConfig, {
          files: [`${presets}${name}.yaml`],
          overrides: name === "hyperspectral" ? ["data.paths=[scene.hdr]"] : [],
        })
      ).model.preset,
    ).toBe("tiny");
});

test("overrides may follow --config, which may be given again: the last file wins", async () => {
  const [first, second] = [join(folder, "first.yaml"), join(folder, "second.yaml")];
  await writeFile(first, "data:\n  root: somewhere\ntrain:\n  epochs: 3\n");
  await writeFile(second, "train:\n  epochs: 5\n");
  const { stdout } = await run(
    "run",
    "--config",
    first,
    "--config",
    second,
    "backend.precision=bf16",
    "--print-config",
  );
  expect(stdout).toMatch(/root: somewhere/);
  expect(stdout).toMatch(/epochs: 5/);
  expect(stdout).toMatch(/precision: bf16/);
});

test("--print-config prints settings that load back to the same settings", async () => {
  const { stdout } = await run("run", "data.root=somewhere", "train.epochs=7", "--print-config");
  const path = join(folder, "printed.yaml");
  await writeFile(path, stdout);
  const config = await readConfig(pretrainConfig, { files: [path] });
  expect(config).toMatchObject({ data: { root: "somewhere" }, train: { epochs: 7 }, model: { preset: "tiny" } });
});

test("a mistake on the command line is one clear line and exit code 1", async () => {
  const typo = await run("run", "train.epoch=3");
  expect([typo.code, typo.stdout]).toEqual([1, ""]);
  expect(typo.stderr).toMatch(/train\.epoch: expected a known key, got 'epoch'\. Did you mean 'train\.epochs'\?/);
  const preset = await run("run", "--preset", "ucmerge");
  expect(preset.stderr).toMatch(
    /--preset: expected one of hyperspectral, image-folder, quickstart, ucmerced, got 'ucmerge'/,
  );
  const noRun = await run("resume", join(folder, "nothing"));
  expect(noRun.stderr).toMatch(/expected a run with a config\.yaml, got none/);
  const noImages = await run(
    "run",
    `data.root=${join(folder, "nothing")}`,
    "--out",
    join(folder, "none"),
    "backend.name=cpu",
  );
  expect(noImages.code).toBe(1);
  expect(noImages.stderr.split("\n").filter((line) => line.startsWith("error: "))).toHaveLength(1);
  expect(noImages.stderr).not.toMatch(/ at .*\.ts/);
});

test("--help shows examples for each command", async () => {
  for (const command of ["run", "resume", "reconstruct", "compare"])
    expect((await run(command, "--help")).stdout).toContain(`Examples:\n  graticule-pretrain ${command}`);
});

test("the public names are these", async () => {
  expect(Object.keys(await import("../src/index.js")).sort()).toEqual([
    "compare",
    "pretrain",
    "pretrainConfig",
    "readPretrainConfig",
    "reconstruct",
  ]);
  expect(await readFile(new URL("../package.json", import.meta.url), "utf8")).toContain(
    '"graticule-pretrain": "./bin/graticule-pretrain.js"',
  );
});
