import { readFileSync } from "node:fs";
import { type Classifier, makeClassifier } from "@graticule/models";
import { bytesSource, openSafetensorsState } from "@graticule/nn";
import * as tf from "@tensorflow/tfjs-core";
import { numbers } from "../../../tooling/test/tensor-numbers.js";

/** What tooling/fixtures/make-peft-reference.py writes. */
export const peftFolder = new URL("fixtures/peft/", import.meta.url);

/** Logits of the tiny ViT by Python's peft, by the adapter's folder. */
export const expected = JSON.parse(readFileSync(new URL("expected.json", peftFolder), "utf8")) as Record<
  string,
  number[]
>;

export async function fixtureModel(): Promise<Classifier> {
  const sizes = { patchSize: 4, inChannels: 2, embedDim: 8, depth: 2, numHeads: 2, mlpDim: 12 };
  const model = makeClassifier({ ...sizes, imageSize: [8, 12], pool: "cls", numClasses: 3 }, { seed: 0 });
  const bytes = readFileSync(new URL("base.safetensors", peftFolder));
  await model.loadStateDict(await openSafetensorsState(bytesSource("base.safetensors", bytes)));
  return model;
}

export function adapterFiles(folder: string): { config: string; tensors: Uint8Array } {
  return {
    config: readFileSync(new URL(`${folder}/adapter_config.json`, peftFolder), "utf8"),
    tensors: readFileSync(new URL(`${folder}/adapter_model.safetensors`, peftFolder)),
  };
}

export function logits(model: Classifier): number[] {
  return tf.tidy(() => numbers(model.forward(tf.tensor(expected.images as number[], [2, 2, 8, 12]))));
}
