import type { Module } from "@graticule/nn";
import { linear } from "@graticule/ops";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeModelsOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import {
  activateAdapters,
  addLora,
  addWeightedAdapter,
  disableAdapters,
  enableAdapters,
  formatTrainableParameters,
  mergeAdapters,
  mergeAndUnload,
  removeAdapter,
  trainableParameters,
  unloadAdapters,
  unmergeAdapters,
} from "../src/index.js";
import { disturb, normalValues, tinyClassifier, tinyImages } from "./tiny-model.js";

const first = { loraRank: 3, loraAlpha: 6, targets: ["blocks.*.attn.*"], modulesToSave: ["head"], seed: 0 };
const second = { name: "second", loraRank: 2, loraAlpha: 2, targets: ["blocks.**"], seed: 1 };

function twoAdapters() {
  const model = addLora(addLora(tinyClassifier(), first), second);
  disturb(model, /\.adapter\.|^head/);
  return model;
}

const logits = (model: Module & { forward(x: tf.Tensor): tf.Tensor }): number[] =>
  tf.tidy(() => numbers(model.forward(tinyImages())));

describeModelsOnBackends("adapters", () => {
  it("are merged into weights that compute the same, and taken out again", () => {
    for (const dora of [false, true]) {
      const model = addLora(tinyClassifier(), { ...second, dora });
      disturb(model, /\.adapter\./);
      const weights = numbers(model.stateDict().get("blocks.0.mlp.fc1.weight") as tf.Tensor);
      const expected = logits(model);
      mergeAdapters(model);
      expectClose(logits(model), expected, 1e-5);
      expect(() => activateAdapters(model, [])).toThrow("Call unmergeAdapters first");
      unmergeAdapters(model);
      expect(numbers(model.stateDict().get("blocks.0.mlp.fc1.weight") as tf.Tensor)).toEqual(weights);
      expectClose(logits(model), expected, 1e-5);
      mergeAndUnload(model);
      expectClose(logits(model), expected, 1e-5);
      expect([...model.stateDict().keys()]).toEqual([...tinyClassifier().stateDict().keys()]);
      expect(trainableParameters(model).share).toBe(1);
    }
  });

  it("are switched with the modules that each has trained, several at once as their sum", () => {
    const model = twoAdapters();
    const base = logits(tinyClassifier());
    const withFirst = logits(model);
    disableAdapters(model);
    expect(logits(model)).toEqual(base);
    enableAdapters(model);
    expect(logits(model)).toEqual(withFirst);

    activateAdapters(model, ["second"]);
    const withSecond = logits(model);
    expect(trainableParameters(model).byPath.has("head.weight")).toBe(false);
    activateAdapters(model, ["default", "second"]);
    const withBoth = logits(model);
    mergeAdapters(model);
    expectClose(logits(model), withBoth, 1e-5);
    unmergeAdapters(model);
    activateAdapters(model, ["second"]);
    expectClose(logits(model), withSecond, 1e-5);

    activateAdapters(model, ["default"]);
    removeAdapter(model, "second");
    expectClose(logits(model), withFirst, 1e-5);
    expect(model.namedParameters().some(([path]) => path.includes("second"))).toBe(false);
    unloadAdapters(model);
    expectClose(logits(model), base, 1e-5);
    expect(trainableParameters(model).share).toBe(1);
  });

  it("are joined with weights: the exact sum of updates, or factors averaged as PEFT does", () => {
    const options = { ...second, targets: ["head"] };
    const model = addLora(addLora(tinyClassifier(), { ...options, name: "one" }), { ...options, seed: 2, name: "two" });
    disturb(model, /\.adapter\./);
    const x = tf.tensor2d(normalValues(24, 1), [2, 12]);
    const outputs = (name: string): number[] => {
      activateAdapters(model, [name]);
      return numbers(tf.sub(model.head.forward(x), linear(x, model.head.weight.variable, model.head.bias!.variable)));
    };
    const [one, two] = [outputs("one"), outputs("two")];
    addWeightedAdapter(model, { name: "sum", weights: { one: 0.75, two: -0.5 } });
    const sum = one.map((value, index) => 0.75 * value - 0.5 * (two[index] as number));
    expectClose(outputs("sum"), sum, 1e-5);
    addWeightedAdapter(model, { name: "average", weights: { one: 0.75, two: -0.5 }, combination: "linear" });
    const factor = (name: string, which: string): tf.Tensor2D =>
      model.stateDict().get(`head.adapter.${name}.lora_${which}`) as unknown as tf.Tensor2D;
    const [first, other] = [Math.sqrt(0.75), Math.sqrt(0.5)]; // scale is 1
    const a = tf.sub(tf.mul(factor("one", "a"), first), tf.mul(factor("two", "a"), other));
    const b = tf.add(tf.mul(factor("one", "b"), first), tf.mul(factor("two", "b"), other));
    expectClose(outputs("average"), numbers(linear(linear(x, a), b)), 1e-5);
    addLora(model, { ...options, name: "wide", loraRank: 4 });
    expect(() => addWeightedAdapter(model, { name: "x", weights: { one: 1, wide: 1 }, combination: "linear" })).toThrow(
      "addWeightedAdapter: expected adapters of one rank, for 'linear', got 2, 4. Use 'cat'.",
    );
  });

  it("leave nothing behind when they are unloaded", () => {
    const model = tinyClassifier();
    logits(model);
    const before = tf.memory().numTensors;
    for (const options of [first, { ...second, dora: true }]) {
      addLora(model, options);
      activateAdapters(model, [options === first ? "default" : "second"]);
      mergeAdapters(model);
      logits(model);
      unloadAdapters(model);
      addLora(model, options);
      mergeAdapters(model);
      mergeAndUnload(model);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("are told apart by their share of the parameters", () => {
    const model = addLora(tinyClassifier(), { ...first, targets: ["blocks.0.attn.qkv"] });
    const { count, total, share } = trainableParameters(model);
    expect(count).toBe(3 * 12 + 36 * 3 + 4 * 12 + 4);
    expect(share).toBeCloseTo(count / total, 12);
    expect(formatTrainableParameters(trainableParameters(model))).toMatchInlineSnapshot(`
      "blocks.0.attn.qkv.adapter.default.lora_a  [3, 12]
      blocks.0.attn.qkv.adapter.default.lora_b  [36, 3]
      head.weight                               [4, 12]
      head.bias                                 [4]
      196 of 5192 trained (3.7750 %)"
    `);
  });

  it("refuse names that are not there or can't be together", () => {
    const model = addLora(twoAdapters(), { ...first, name: "third" });
    expect(() => activateAdapters(model, ["fourth"])).toThrow(
      "activateAdapters: expected one of default, second, third, got 'fourth'.",
    );
    expect(() => activateAdapters(model, ["default", "third"])).toThrow(
      "activateAdapters: expected one adapter that trains 'head.weight', got 'default' and 'third'.",
    );
    expect(() => addLora(model, first)).toThrow(
      "addLora: expected a new name, got 'default', which is there. Remove that adapter first.",
    );
    expect(() => mergeAdapters(tinyClassifier())).toThrow("expected a model with adapters, got one without");
    expect(() => unmergeAdapters(model)).toThrow("expected merged adapters, got none that is");
  });
});
