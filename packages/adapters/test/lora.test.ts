import { backward, valueAndGrad } from "@graticule/autodiff";
import { makeRandom } from "@graticule/core";
import { applyRecompute, Linear, type Module } from "@graticule/nn";
import { gelu, layerNorm, linear, softmaxCrossEntropy } from "@graticule/ops";
import { makeAdamW, weightDecayGroups } from "@graticule/optim";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeModelsOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { addLora, setAdapterDropout, trainableParameters } from "../src/index.js";
import { disturb, normalValues, tinyClassifier, tinyImages } from "./tiny-model.js";

const attention = { loraRank: 3, loraAlpha: 6, targets: ["blocks.*.attn.{qkv,proj}"], seed: 0 };
const everywhere = { ...attention, targets: ["blocks.**"] };

const trained = (model: Module): tf.Variable[] =>
  model.namedParameters().flatMap(([, parameter]) => (parameter.trainable ? [parameter.variable] : []));

describeModelsOnBackends("LoRA", () => {
  it("computes as the base does before it is trained", () => {
    const model = tinyClassifier();
    const expected = numbers(model.forward(tinyImages()));
    expect(numbers(addLora(model, everywhere).forward(tinyImages()))).toEqual(expected);
  });

  it("adds scale · B · A to the weight, whatever the layer does to its input", () => {
    const layer = new Linear(5, 4);
    const holder = Object.assign(tinyClassifier(), { extra: layer });
    disturb(holder, /^extra/);
    addLora(holder, { loraRank: 2, loraAlpha: 3, targets: ["extra"], seed: 0 });
    disturb(holder, /^extra\.adapter/);
    const state = holder.stateDict();
    const get = (path: string): tf.Tensor2D => state.get(`extra.${path}`) as unknown as tf.Tensor2D;
    const delta = tf.mul(tf.matMul(get("adapter.default.lora_b"), get("adapter.default.lora_a")), 1.5);
    const [weight, bias] = [tf.add(get("weight"), delta), get("bias")];
    const x = tf.tensor(normalValues(15, 2), [3, 5]);
    const residual = tf.tensor(normalValues(12, 3), [3, 4]);
    expectClose(numbers(layer.forward(x)), numbers(linear(x, weight, bias)), 1e-6);
    const ofGelu = layer.forward(x, { inputActivation: "gelu", residual });
    expectClose(numbers(ofGelu), numbers(tf.add(linear(gelu(x), weight, bias), residual)), 1e-6);
    const norm = { gamma: tf.tensor1d([1, 2, 3, 4, 5]), beta: tf.tensor1d([1, 0, 1, 0, 1]), epsilon: 1e-6 };
    const normed = layer.forwardNormed(x, { parameters: () => norm });
    expectClose(numbers(normed), numbers(linear(layerNorm(x, norm.gamma, norm.beta, 1e-6), weight, bias)), 1e-6);
  });

  it("counts alpha / rank times, or alpha / √rank times with rsLora", () => {
    for (const [rsLora, scale] of [
      [false, 2],
      [true, 6 / Math.sqrt(3)],
    ] as const) {
      const model = addLora(tinyClassifier(), { ...attention, rsLora });
      const qkv = model.blocks[0]?.attn.qkv as Linear;
      disturb(model, /lora_b/);
      const [a, b] = ["lora_a", "lora_b"].map((name) =>
        model.stateDict().get(`blocks.0.attn.qkv.adapter.default.${name}`),
      ) as unknown as [tf.Tensor2D, tf.Tensor2D];
      const x = tf.tensor(normalValues(12, 5), [1, 12]);
      const delta = tf.sub(qkv.forward(x), linear(x, qkv.weight.variable, qkv.bias!.variable));
      expectClose(numbers(delta), numbers(tf.mul(linear(linear(x, a), b), scale)), 1e-5);
    }
  });

  it("trains its own parameters alone, and what it is told to", () => {
    const model = addLora(tinyClassifier(), { ...attention, modulesToSave: ["head"], bias: "lora_only", layers: [1] });
    expect([...trainableParameters(model).byPath.keys()]).toEqual([
      "blocks.1.attn.qkv.bias",
      "blocks.1.attn.qkv.adapter.default.lora_a",
      "blocks.1.attn.qkv.adapter.default.lora_b",
      "blocks.1.attn.proj.bias",
      "blocks.1.attn.proj.adapter.default.lora_a",
      "blocks.1.attn.proj.adapter.default.lora_b",
      "head.weight",
      "head.bias",
    ]);
    const optimizer = makeAdamW({ groups: weightDecayGroups(model, 0.05) });
    const paths = new Map(model.namedParameters().map(([path, { variable }]) => [variable, path]));
    const value = backward(
      () => softmaxCrossEntropy(model.forward(tinyImages()), Int32Array.of(1, 3)),
      trained(model),
      (variable, gradient) => {
        optimizer.apply(paths.get(variable) as string, gradient, 0.01);
        gradient.dispose();
      },
    );
    expect(Object.keys(optimizer.stateDict().updates)).toHaveLength(8);
    tf.dispose(value);
    optimizer.dispose();
  });

  it("has the gradients of finite differences", () => {
    const model = addLora(tinyClassifier(), everywhere);
    disturb(model, /lora_/);
    const loss = (): tf.Scalar => softmaxCrossEntropy(model.forward(tinyImages()), Int32Array.of(1, 3));
    const variables = trained(model);
    const { value, gradients } = valueAndGrad(loss, variables);
    for (const index of [0, 1, 4, 7, variables.length - 1]) {
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

  it("gives the same gradients under recompute", () => {
    const gradientsOf = (model: Module & { forward(x: tf.Tensor): tf.Tensor }): number[][] => {
      disturb(model, /lora_/);
      const loss = (): tf.Scalar => softmaxCrossEntropy(model.forward(tinyImages()), Int32Array.of(1, 3));
      const { value, gradients } = valueAndGrad(loss, trained(model));
      const found = (gradients as tf.Tensor[]).map(numbers);
      tf.dispose([value, ...(gradients as tf.Tensor[])]);
      return found;
    };
    const recomputed = applyRecompute(addLora(tinyClassifier(), everywhere), "blocks.*");
    expect(gradientsOf(recomputed)).toEqual(gradientsOf(addLora(tinyClassifier(), everywhere)));
  });

  it("drops inputs of the update alone, by streams of place and image", () => {
    const model = addLora(tinyClassifier(), { ...everywhere, loraDropout: 0.5 });
    disturb(model, /lora_/);
    const plain = numbers(model.forward(tinyImages()));
    const asked = new Set<string>();
    setAdapterDropout(model, (place, image) => {
      asked.add(`${place} ${image}`);
      return makeRandom(0, place, image);
    });
    const dropped = numbers(model.forward(tinyImages()));
    expect(dropped).not.toEqual(plain);
    expect(numbers(model.forward(tinyImages()))).toEqual(dropped);
    expect(asked.size).toBe(2 * 4 * 2);
    expect(asked).toContain("blocks.1.mlp.fc2.default 1");
    setAdapterDropout(model, undefined);
    expect(numbers(model.forward(tinyImages()))).toEqual(plain);
  });

  it("refuses what can't be", () => {
    const refused = (change: object): string => {
      try {
        addLora(tinyClassifier(), { ...attention, ...change });
      } catch (error) {
        return (error as Error).message;
      }
      return "nothing";
    };
    expect([
      refused({ loraRank: 0 }),
      refused({ loraAlpha: -1 }),
      refused({ loraDropout: 1 }),
      refused({ targets: ["blocks.*.norm1"] }),
      refused({ layers: [7] }),
      refused({ name: "A" }),
      refused({ modulesToSave: ["tail"] }),
      refused({ modulesToSave: ["blocks.0.attn"] }),
    ]).toMatchSnapshot();
  });
});
