import { valueAndGrad } from "@graticule/autodiff";
import type { Module } from "@graticule/nn";
import { gelu, softmaxCrossEntropy } from "@graticule/ops";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import {
  addBottleneck,
  addIa3,
  addParameterTuning,
  disableAdapters,
  mergeAdapters,
  mergeAndUnload,
  trainableParameters,
  unmergeAdapters,
} from "../src/index.js";
import { describeOnBackends, expectClose, numbers } from "./backends.js";
import { disturb, normalValues, tinyClassifier, tinyImages } from "./tiny-model.js";

type Model = ReturnType<typeof tinyClassifier>;

const logits = (model: Model): number[] => tf.tidy(() => numbers(model.forward(tinyImages())));

const kinds: readonly (readonly [string, () => Model])[] = [
  [
    "(IA)3",
    () =>
      addIa3(tinyClassifier(), {
        targets: ["blocks.*.attn.qkv", "blocks.*.mlp.fc2"],
        feedforward: ["blocks.*.mlp.fc2"],
      }),
  ],
  [
    "bottleneck adapters",
    () =>
      addBottleneck(tinyClassifier(), {
        bottleneckDim: 3,
        targets: ["blocks.*.attn.proj", "blocks.*.mlp.fc2"],
        seed: 0,
      }),
  ],
  ["BitFit", () => addParameterTuning(tinyClassifier(), { parameters: ["**.bias"] })],
  ["layer norms", () => addParameterTuning(tinyClassifier(), { parameters: ["**.norm*.{weight,bias}"] })],
];

/** Gives what is trained other values, as training would. */
function train(model: Module): void {
  const paths = [...trainableParameters(model).byPath.keys()];
  disturb(model, new RegExp(`^(?:${paths.join("|")})$`));
}

describeOnBackends("adapters other than LoRA", () => {
  it.each(kinds)("%s change nothing at first and are switched off", (_, make) => {
    const base = logits(tinyClassifier());
    const model = make();
    expectClose(logits(model), base, 1e-6);
    train(model);
    expect(logits(model)).not.toEqual(base);
    disableAdapters(model);
    expectClose(logits(model), base, 1e-6);
  });

  it.each(kinds)("%s have the gradients of finite differences", (_, make) => {
    const model = make();
    train(model);
    const loss = (): tf.Scalar => softmaxCrossEntropy(model.forward(tinyImages()), Int32Array.of(1, 3));
    const variables = model.namedParameters().flatMap(([, each]) => (each.trainable ? [each.variable] : []));
    const { value, gradients } = valueAndGrad(loss, variables);
    for (const index of [0, 2, variables.length - 1]) {
      const variable = variables[index] as tf.Variable;
      const values = variable.dataSync().slice();
      const at = values.length >> 1;
      const lossAt = (offset: number): number => {
        const moved = values.slice();
        moved[at] = (moved[at] as number) + offset;
        tf.tidy(() => variable.assign(tf.tensor(moved, variable.shape)));
        return tf.tidy(() => loss().dataSync()[0] as number);
      };
      const difference = (8 * (lossAt(0.05) - lossAt(-0.05)) - (lossAt(0.1) - lossAt(-0.1))) / 0.6;
      lossAt(0);
      // Differences of a float32 loss of about 1.4 are no finer than 1e-6.
      expect(Math.abs((numbers(gradients[index] as tf.Tensor)[at] as number) - difference)).toBeLessThan(2e-5);
    }
    tf.dispose([value, ...(gradients as tf.Tensor[])]);
  });

  it("(IA)3 is merged and taken out again", () => {
    const model = (kinds[0] as (typeof kinds)[number])[1]();
    train(model);
    const before = logits(model);
    const weights = numbers(model.stateDict().get("blocks.0.mlp.fc2.weight") as tf.Tensor);
    mergeAdapters(model);
    expectClose(logits(model), before, 1e-5);
    unmergeAdapters(model);
    expectClose(numbers(model.stateDict().get("blocks.0.mlp.fc2.weight") as tf.Tensor), weights, 1e-6);
    expectClose(logits(mergeAndUnload(model)), before, 1e-5);
  });

  it("a bottleneck stands behind its layer and before the residual", () => {
    const model = addBottleneck(tinyClassifier(), { bottleneckDim: 3, targets: ["head"], seed: 0 });
    train(model);
    const [weight, bias, a, c, u, d] = model
      .namedParameters()
      .flatMap(([path, { variable }]) => (path.startsWith("head") ? [variable] : [])) as unknown as [
      tf.Tensor,
      ...tf.Tensor[],
    ];
    const x = tf.tensor2d(normalValues(24, 4), [2, 12]);
    const affine = (input: tf.Tensor, matrix: tf.Tensor, shift: tf.Tensor): tf.Tensor =>
      tf.add(tf.matMul(input as tf.Tensor2D, matrix as tf.Tensor2D, false, true), shift);
    const h = affine(x, weight, bias as tf.Tensor);
    const inner = gelu(affine(h, a as tf.Tensor, c as tf.Tensor));
    const residual = tf.tensor2d(normalValues(8, 5), [2, 4]);
    const expected = tf.add(tf.add(h, affine(inner, u as tf.Tensor, d as tf.Tensor)), residual);
    expectClose(numbers(model.head.forward(x, { residual })), numbers(expected), 1e-5);
    expect(() => mergeAdapters(model)).toThrow("expected adapters of LORA, IA3, PARAMETERS, got 'default', BOTTLENECK");
  });
});
