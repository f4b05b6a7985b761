import { valueAndGrad } from "@graticule/autodiff";
import type { Module } from "@graticule/nn";
import { LayerNorm } from "@graticule/nn";
import { gelu, softmaxCrossEntropy } from "@graticule/ops";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeModelsOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import {
  addBottleneck,
  addIa3,
  addParameterTuning,
  addPrefixTuning,
  addPromptTuning,
  disableAdapters,
  mergeAdapters,
  mergeAndUnload,
  trainableParameters,
  unloadAdapters,
  unmergeAdapters,
} from "../src/index.js";
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

const prefix = (): Model =>
  addPrefixTuning(tinyClassifier(), { targets: ["blocks.*.attn"], numVirtualTokens: 3, seed: 0 });

const prompt = (): Model =>
  addPromptTuning(tinyClassifier(), { blocks: "blocks.*", numVirtualTokens: 3, embedDim: 12, seed: 0 });

describeModelsOnBackends("adapters other than LoRA", () => {
  it("a prompt stands before the tokens in all blocks and is gone behind them", () => {
    const model = prompt();
    const plain = tinyClassifier();
    const tokens = tf.tensor3d(normalValues(2 * 7 * 12, 1), [2, 7, 12]);
    const embeddings = model.stateDict().get("blocks.0.adapter.default.prompt_embeddings") as tf.Tensor;
    const prompted = tf.concat([tf.tile(tf.expandDims(embeddings), [2, 1, 1]), tokens], 1);
    const through = (blocks: Model["blocks"], x: tf.Tensor): tf.Tensor =>
      blocks.reduce((y, block) => block.forward(y), x);
    const expected = tf.slice(through(plain.blocks, prompted), [0, 3, 0], [-1, -1, -1]);
    expectClose(numbers(through(model.blocks, tokens)), numbers(expected), 1e-6);
    disableAdapters(model);
    expect(logits(model)).toEqual(logits(plain));
    unloadAdapters(model);
    expect(model.blocks.every((block) => !Object.hasOwn(block, "forward"))).toBe(true);
    expect([...model.stateDict().keys()]).toEqual([...plain.stateDict().keys()]);
  });

  it("a prefix is seen by all queries, as PEFT lays it out", () => {
    const model = prefix();
    const attn = (model.blocks[0] as (typeof model.blocks)[number]).attn;
    const embeddings = model.stateDict().get("blocks.0.attn.adapter.default.prefix") as tf.Tensor;
    expect(embeddings.shape).toEqual([3, 24]);
    const x = tf.tensor3d(normalValues(2 * 5 * 12, 1), [2, 5, 12]);
    const heads = (tokens: tf.Tensor): tf.Tensor => tf.transpose(tf.reshape(tokens, [2, -1, 3, 4]), [0, 2, 1, 3]);
    // PEFT: view(B, n, 2 per layer, heads, headDim), permuted to [2, B, heads, n, headDim]; then keys before values.
    const past = tf.transpose(
      tf.reshape(tf.tile(tf.expandDims(embeddings), [2, 1, 1]), [2, 3, 2, 3, 4]),
      [2, 0, 3, 1, 4],
    );
    const [pastKeys, pastValues] = tf.unstack(past) as [tf.Tensor, tf.Tensor];
    const [q, k, v] = tf.split(attn.qkv.forward(x), 3, 2).map(heads) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [keys, values] = [tf.concat([pastKeys, k], 2), tf.concat([pastValues, v], 2)];
    const mixed = tf.matMul(tf.softmax(tf.mul(tf.matMul(q, keys, false, true), 1 / Math.sqrt(4))), values);
    const expected = attn.proj.forward(tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [2, 5, 12]));
    expectClose(numbers(attn.forward(x)), numbers(expected), 1e-5);
    disableAdapters(model);
    expect(logits(model)).toEqual(logits(tinyClassifier()));
    expect(() => unloadAdapters(model)).not.toThrow();
    expect(model.stateDict().has("blocks.0.attn.adapter.default.prefix")).toBe(false);
  });

  it("a prefix is seen where tokens are masked, which then change nothing", () => {
    const model = prefix();
    const { attn } = model.blocks[0] as (typeof model.blocks)[number];
    const norm = new LayerNorm(12);
    norm.weight.assign(new Float32Array(12).fill(1));
    const x = tf.tensor3d(normalValues(2 * 5 * 12, 1), [2, 5, 12]);
    const mask = tf.tensor([1, 1, 1, 0, 0, 1, 1, 1, 0, 0], [2, 5], "bool");
    const first = (tokens: tf.Tensor): tf.Tensor => tf.slice(tokens, [0, 0, 0], [-1, 3, -1]);
    const prefixed = (): number[] => numbers(first(attn.forwardNormed(x, norm, { mask })));
    expectClose(prefixed(), numbers(attn.forwardNormed(first(x), norm, {})), 1e-5);
    disableAdapters(model);
    expectClose(prefixed(), numbers(attn.forwardNormed(first(x), norm, {})), 1e-5);
  });

  it.each(kinds)("%s change nothing at first and are switched off", (_, make) => {
    const base = logits(tinyClassifier());
    const model = make();
    expectClose(logits(model), base, 1e-6);
    train(model);
    expect(logits(model)).not.toEqual(base);
    disableAdapters(model);
    expectClose(logits(model), base, 1e-6);
  });

  it.each([...kinds, ["prefixes", prefix] as const, ["prompts", prompt] as const])(
    "%s have the gradients of finite differences",
    (_, make) => {
      const model = make();
      train(model);
      const loss = (): tf.Scalar => softmaxCrossEntropy(model.forward(tinyImages()), Int32Array.of(1, 3));
      const variables = model.namedParameters().flatMap(([, each]) => (each.trainable ? [each.variable] : []));
      const { value, gradients } = valueAndGrad(loss, variables);
      for (const index of new Set([0, variables.length >> 1, variables.length - 1])) {
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
    },
  );

  it("(IA)3 is merged and taken out again", () => {
    const model = (kinds[0] as (typeof kinds)[number])[1]();
    train(model);
    const before = logits(model);
    const weights = numbers(model.stateDict().get("blocks.0.mlp.fc2.weight") as tf.Tensor);
    mergeAdapters(model);
    expectClose(logits(model), before, 1e-5);
    unmergeAdapters(model);
    expect(numbers(model.stateDict().get("blocks.0.mlp.fc2.weight") as tf.Tensor)).toEqual(weights);
    expectClose(logits(mergeAndUnload(model)), before, 1e-5);
  });

  it("a second kind at a layer is refused before anything changes", () => {
    const model = addIa3(tinyClassifier(), { targets: ["blocks.1.attn.qkv"] });
    const before = [...model.stateDict().keys()];
    expect(() => addBottleneck(model, { name: "b", bottleneckDim: 2, targets: ["blocks.**"], seed: 0 })).toThrow(
      "adapters: expected one kind of adapters at 'blocks.1.attn.qkv', got a second one. Choose other targets, or remove the first.",
    );
    expect([...model.stateDict().keys()]).toEqual(before);
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
