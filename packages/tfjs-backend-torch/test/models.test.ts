import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "@tensorflow/tfjs-backend-cpu";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { modelFile } from "../src/index.js";
import { t } from "./agree-with-cpu.js";
import { makeGraphModel } from "./models/graph-model.js";
import { makeInputs, makeLayersModel } from "./models/layers-model.js";
import { describeTorch } from "./on-torch.js";

const shipped = (name: string) => fileURLToPath(new URL(`./fixtures/${name}/model.json`, import.meta.url));

type Values = number[];
const valuesOf = (outputs: tf.Tensor | tf.Tensor[]): Values[] => [outputs].flat().map((y) => Array.from(y.dataSync()));

async function runGraphModel(backend: string): Promise<Values[]> {
  await tf.setBackend(backend);
  const model = await loadGraphModel(modelFile(shipped("graph-model")));
  const [image] = makeInputs(t);
  return valuesOf(await model.executeAsync({ image }, ["probabilities", "branch", "attended", "padded"]));
}

async function runLayersModel(backend: string): Promise<Values[]> {
  await tf.setBackend(backend);
  const model = await loadLayersModel(modelFile(shipped("layers-model")));
  return valuesOf(model.predict(makeInputs(t)) as tf.Tensor);
}

/** float32 sums of up to a few hundred terms in another order, through a dozen layers. */
const tolerance = 1e-5;

function expectClose(actual: Values[], expected: Values[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [i, values] of expected.entries()) {
    const scale = Math.max(...values.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    values.forEach((value, j) => {
      expect(Math.abs(actual[i]![j]! - value)).toBeLessThanOrEqual(tolerance * scale);
    });
  }
}

beforeAll(() => {
  // The cpu backend greets on its first tensor; a test must not print.
  tf.env().set("IS_TEST", true);
});

describeTorch("shipped models", () => {
  it("give the outputs of the cpu backend: a GraphModel", async () => {
    const expected = await runGraphModel("cpu");
    expectClose(await runGraphModel("torch"), expected);
  });

  it("give the outputs of the cpu backend: a LayersModel", async () => {
    const expected = await runLayersModel("cpu");
    expectClose(await runLayersModel("torch"), expected);
  });

  it("train as on the cpu backend", async () => {
    const losses = async (backend: string) => {
      await tf.setBackend(backend);
      const model = await loadLayersModel(modelFile(shipped("layers-model")));
      model.compile({ optimizer: tf.train.sgd(0.05), loss: "categoricalCrossentropy" });
      // One sample: in a batch, the cpu backend's derivative of nearest-neighbor resizing mixes the images up.
      const inputs = makeInputs(t).map((input) => tf.slice(input, 0, 1));
      const labels = tf.oneHot(tf.tensor1d([3], "int32"), 4);
      const history: number[] = [];
      for (let step = 0; step < 3; step++) history.push((await model.trainOnBatch(inputs, labels)) as number);
      return history;
    };
    const expected = await losses("cpu");
    expect(expected[2]).toBeLessThan(expected[0]!);
    expectClose([await losses("torch")], [expected]);
  });
});

describe("modelFile", () => {
  it("saves what it loads", async () => {
    await tf.setBackend("cpu");
    const folder = mkdtempSync(join(tmpdir(), "graticule-model-"));
    try {
      const path = join(folder, "deep", "model.json");
      const model: LayersModel = makeLayersModel();
      await model.save(modelFile(path));
      expect(readdirSync(join(folder, "deep")).sort()).toEqual(["model.json", "weights.bin"]);
      const again = await loadLayersModel(modelFile(path));
      const [expected, actual] = [model, again].map((each) => valuesOf(each.predict(makeInputs(t)) as tf.Tensor));
      expect(actual).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("reads the shipped models as their makers write them", async () => {
    await tf.setBackend("cpu");
    const { modelTopology, weightData } = makeGraphModel();
    const stored = await modelFile(shipped("graph-model")).load!();
    expect(stored.modelTopology).toEqual(modelTopology);
    expect(Buffer.from(stored.weightData as ArrayBuffer).equals(Buffer.from(weightData as ArrayBuffer))).toBe(true);
    const weights = await loadLayersModel(modelFile(shipped("layers-model")));
    expect(valuesOf(weights.getWeights())).toEqual(valuesOf(makeLayersModel().getWeights()));
  });

  it("says which file is missing", async () => {
    await expect(loadGraphModel(modelFile("nowhere/model.json"))).rejects.toThrow("nowhere/model.json");
  });
});
