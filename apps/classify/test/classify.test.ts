import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openDataset } from "@graticule/data";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  dataConfig,
  datasetSpec,
  evaluateConfig,
  numberOption,
  numbersOption,
  readProbe,
  updateReport,
  writeProbe,
} from "../src/index.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graticule-classify-"));
});

afterAll(() => rm(folder, { recursive: true }));

const probe = {
  classifier: {
    weight: Float32Array.of(1, 2, 3, 4, 5, 6),
    bias: Float32Array.of(0.5, -0.5),
    standardizer: { mean: Float32Array.of(1, 2, 3), scale: Float32Array.of(1, 0.5, 0.25) },
  },
  classNames: ["forest", "río"],
  pool: "mean",
  encoderHash: "abc",
} as const;

test("a probe is read back as it was written", async () => {
  const path = join(folder, "probe.safetensors");
  await writeProbe(path, probe);
  expect(await readProbe(path)).toEqual(probe);
});

test("a probe whose tensors don't fit together, or another file, is refused", async () => {
  const path = join(folder, "bad.safetensors");
  await writeProbe(path, { ...probe, classNames: ["forest"] });
  await expect(readProbe(path)).rejects.toThrow(
    /bad\.safetensors: expected tensors that fit together, got 6 weights for 1 classes/,
  );
  await writeFile(path, "text");
  await expect(readProbe(path)).rejects.toMatchObject({ code: "GRATICULE_FORMAT" });
});

test("without a path, a scene is the Landsat-7 sample, and its held-out tiles carry weak labels", async () => {
  const data = dataConfig.parse({ kind: "scene", weakLabels: {} });
  const dataset = await openDataset(datasetSpec(data, "test"));
  expect(dataset.schema.map(({ name }) => name)).toEqual(["blue", "green", "red", "nir", "swir1", "swir2"]);
  expect(dataset.classNames).toEqual(["water", "vegetation", "bare or built"]);
  const labels = new Set<number | undefined>();
  for (let index = 0; index < dataset.length; index++) labels.add((await dataset.read(index)).label);
  expect([...labels].sort()).toEqual([0, 1, 2]);
});

test("a report keeps each command's part and replaces it when the command runs again", async () => {
  const png = Uint8Array.of(137, 80, 78, 71);
  await updateReport(folder, "probe", { sections: [{ heading: "Probe", text: "first" }] });
  await updateReport(folder, "pretrain", { sections: [{ heading: "Pretraining", figures: [{ png, alt: "dot" }] }] });
  const path = await updateReport(folder, "probe", { sections: [{ heading: "Probe", text: "second" }] });
  const html = await (await import("node:fs/promises")).readFile(path, "utf8");
  expect(html.indexOf("<h2 id=")).toBeGreaterThan(0);
  expect(html.indexOf("Pretraining")).toBeLessThan(html.indexOf("second"));
  expect(html).not.toContain("first");
  expect(html).toContain(`data:image/png;base64,${Buffer.from(png).toString("base64")}`);
});

test("the command line says what is wrong in one line, and shows examples", async () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--conditions=@graticule/source", "--import", "tsx", main, ...args]);
  await expect(run("probe", join(folder, "nothing"))).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error: .*nothing: expected a run with checkpoints, or the folder of a checkpoint/),
  });
  for (const command of ["probe", "knn", "finetune", "compare-methods", "predict", "serve", "import", "export"])
    expect((await run(command, "--help")).stdout).toContain(`Examples:\n  graticule-classify ${command}`);
});

test("options of numbers refuse what is none, as commander names it", () => {
  expect([numberOption("seed")("0"), numberOption("hours")("1.5"), numbersOption("hours")("72", [24])]).toEqual([
    0,
    1.5,
    [24, 72],
  ]);
  for (const [kind, text, expected] of [
    ["hours", "abc", "Expected hours above 0."],
    ["hours", "", "Expected hours above 0."],
    ["hours", "-6", "Expected hours above 0."],
    ["count", "2.5", "Expected a whole number of 1 or more."],
    ["seed", "Infinity", "Expected a whole number of 0 or more."],
  ] as const)
    expect(() => numberOption(kind)(text)).toThrow(expected);
});

test("the public names are these", async () => {
  expect(Object.keys(await import("../src/index.js")).sort()).toMatchInlineSnapshot(`
    [
      "PROBE_FILE",
      "addCheckpointCommands",
      "addRanksOption",
      "addRunCommands",
      "appendValue",
      "arraysFromFirstRank",
      "backendConfig",
      "channelTreeFields",
      "channelTreeFor",
      "configOption",
      "dataConfig",
      "datasetSpec",
      "divideModel",
      "evaluateConfig",
      "evaluateEncoder",
      "exportRun",
      "extractFeatures",
      "extractPixels",
      "familyNames",
      "finetune",
      "finetuneConfig",
      "finetuneSummary",
      "formatTable",
      "fromFirstRank",
      "gatherChannels",
      "hyperspectralConfigFor",
      "importConfig",
      "importRun",
      "maeConfigFor",
      "makeProgressLine",
      "makeRandomEncoder",
      "mapRaster",
      "maskedModelConfig",
      "numberOption",
      "numbersOption",
      "onEachRank",
      "openClassifyServer",
      "openEncoder",
      "openPretrainedRun",
      "openTunedModel",
      "openWeights",
      "openWindowModel",
      "ownTasks",
      "parallelConfig",
      "parallelMayChange",
      "placeRanks",
      "predictImages",
      "presetPath",
      "printConfigOption",
      "readConfig",
      "readFinetuneConfig",
      "readFinetuneSettings",
      "readProbe",
      "readPublishedSettings",
      "readRunConfig",
      "readRunSettings",
      "runProgram",
      "shareOf",
      "stderrLogger",
      "sumOverData",
      "tasksInOrder",
      "updateReport",
      "writeProbe",
      "writeTensorFile",
    ]
  `);
  expect(evaluateConfig.parse({ data: { kind: "scene" } })).toMatchObject({ pool: "mean", evalSplit: "test" });
});
