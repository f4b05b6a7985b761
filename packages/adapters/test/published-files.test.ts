import { readFileSync } from "node:fs";
import { valueAndGrad } from "@graticule/autodiff";
import { type Classifier, huggingFaceVit, importWeights, parameterNames } from "@graticule/models";
import { bytesSource, openSafetensorsState, parseSafetensorsHeader } from "@graticule/nn";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeModelsOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { expectClose } from "../../../tooling/test/expect-close.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { addLora, encodeAdapter, loadAdapter, mergeAndUnload } from "../src/index.js";
import { disturb } from "./tiny-model.js";

// What tooling/fixtures/make-peft-vit-reference.py writes.
const folder = new URL("fixtures/peft-vit/", import.meta.url);
const files = {
  config: readFileSync(new URL("adapter_config.json", folder), "utf8"),
  tensors: readFileSync(new URL("adapter_model.safetensors", folder)),
};
const expected = JSON.parse(readFileSync(new URL("expected.json", folder), "utf8")) as Record<string, number[]>;

/** Variants of the family: names before transformers 5, and those of its modules. */
const [BEFORE_5, MODULES_OF_5] = [0, 2];

async function fixtureModel(): Promise<Classifier> {
  const bytes = readFileSync(new URL("base.safetensors", folder));
  const file = await openSafetensorsState(bytesSource("base.safetensors", bytes));
  const { model } = await importWeights(file, huggingFaceVit, { numHeads: 2, imageSize: [8, 12] });
  return model as Classifier;
}

const namesOf = (model: Classifier, variant: number) =>
  parameterNames(
    huggingFaceVit,
    model.namedParameters().map(([path]) => path),
    variant,
  );

const logits = (model: Classifier): number[] =>
  tf.tidy(() => numbers(model.forward(tf.tensor(expected.images as number[], [2, 2, 8, 12]))));

/** A file's tensors by name, as shape and bytes. */
function contents(bytes: Uint8Array): Map<string, string> {
  const { tensors } = parseSafetensorsHeader("adapter", bytes, bytes.byteLength);
  const found = Array.from(tensors, ([name, { offset, bytes: length, shape }]): [string, string] => [
    name,
    `[${shape}] ${Buffer.from(bytes.subarray(offset, offset + length)).toString("base64")}`,
  ]);
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describeModelsOnBackends("an adapter of transformers' queries and values", () => {
  it("gives peft's logits on our fused layer, merged too, and its file comes out again", async () => {
    const model = await fixtureModel();
    expectClose(logits(model), expected.base as number[], 2e-6);
    await loadAdapter(model, files, { published: namesOf(model, MODULES_OF_5) });
    expectClose(logits(model), expected.lora as number[], 2e-6);
    const written = await encodeAdapter(model, "default");
    expect(contents(written.tensors)).toEqual(contents(files.tensors));
    const config = JSON.parse(written.config) as Record<string, unknown>;
    expect(config).toMatchObject({ r: 3, lora_alpha: 6, modules_to_save: ["classifier"] });
    expect(config.rank_pattern).toEqual({
      "vit\\.layers\\.0\\.attention\\.v_proj": 2,
      "vit\\.layers\\.1\\.attention\\.v_proj": 2,
    });
    const again = await fixtureModel();
    await loadAdapter(again, written, { published: namesOf(again, MODULES_OF_5) });
    expect(logits(again)).toEqual(logits(model));
    mergeAndUnload(model);
    expectClose(logits(model), expected.lora as number[], 2e-6);
  });

  it("is the same in the names before transformers 5 and refused in others", async () => {
    const model = await fixtureModel();
    await loadAdapter(model, files, { published: namesOf(model, MODULES_OF_5) });
    const before = await encodeAdapter(model, "default", { published: namesOf(model, BEFORE_5) });
    expect([...contents(before.tensors).keys()]).toContain(
      "base_model.model.vit.encoder.layer.1.attention.attention.query.lora_A.weight",
    );
    const other = await fixtureModel();
    await loadAdapter(other, before, { published: namesOf(other, BEFORE_5) });
    expect(logits(other)).toEqual(logits(model));
    await expect(encodeAdapter(model, "default", { published: new Map() })).rejects.toThrow(
      "encodeAdapter: expected 'blocks.0.attn.qkv' as three published layers, got none.",
    );
    const without = namesOf(model, BEFORE_5);
    const missing = await loadAdapter(await fixtureModel(), files, { published: without }).catch(
      (error: Error) => error.message,
    );
    expect(missing).toMatch(/base_model\.model\.vit\.layers\.0\.attention\.q_proj\.lora_A\.weight, of no linear layer/);
  });
});

describeModelsOnBackends("LoRA of queries and values", () => {
  const options = { loraRank: 2, loraAlpha: 5, targets: ["blocks.*.attn.qkv.{q,v}"], modulesToSave: ["head"], seed: 3 };

  it("leaves keys as they are, and is one update with zeros in a file of ours", async () => {
    const model = addLora(await fixtureModel(), options);
    expectClose(logits(model), expected.base as number[], 2e-6); // nothing at first
    const trained = model.namedParameters().flatMap(([path, { trainable }]) => (trainable ? [path] : []));
    expect(trained.filter((path) => path.startsWith("blocks.0."))).toEqual([
      "blocks.0.attn.qkv.adapter.default.q.lora_a",
      "blocks.0.attn.qkv.adapter.default.q.lora_b",
      "blocks.0.attn.qkv.adapter.default.v.lora_a",
      "blocks.0.attn.qkv.adapter.default.v.lora_b",
    ]);
    disturb(model, /adapter|head/);
    const files = await encodeAdapter(model, "default");
    const { tensors } = parseSafetensorsHeader("adapter", files.tensors, files.tensors.byteLength);
    expect(tensors.get("base_model.model.blocks.0.attn.qkv.lora_A.weight")?.shape).toEqual([4, 8]);
    const loaded = await loadAdapter(await fixtureModel(), files);
    expectClose(logits(loaded), logits(model), 1e-6);
    const keys = model.stateDict().get("blocks.0.attn.qkv.weight")?.dataSync().slice(64, 128);
    const published = await encodeAdapter(model, "default", { published: namesOf(model, BEFORE_5) });
    const other = await fixtureModel();
    await loadAdapter(other, published, { published: namesOf(other, BEFORE_5) });
    expect(logits(other)).toEqual(logits(model));
    const tuned = logits(model);
    mergeAndUnload(model);
    expectClose(logits(model), tuned, 2e-6);
    expect(model.stateDict().get("blocks.0.attn.qkv.weight")?.dataSync().slice(64, 128)).toEqual(keys);
  });

  it("learns by the gradients that one update of the whole layer would have in these rows", async () => {
    const model = addLora(await fixtureModel(), options);
    disturb(model, /adapter/);
    const whole = await loadAdapter(await fixtureModel(), await encodeAdapter(model, "default"));
    const gradientsOf = (each: Classifier) => {
      const variables = each
        .namedParameters()
        .flatMap(([path, { trainable, variable }]) =>
          trainable && path.includes("adapter") ? [[path, variable] as const] : [],
        );
      const images = tf.tensor(expected.images as number[], [2, 2, 8, 12]);
      const { gradients } = valueAndGrad(
        () => tf.sum(tf.square(each.forward(images))),
        variables.map(([, variable]) => variable),
      );
      return new Map(variables.map(([path], index) => [path, gradients[index] as tf.Tensor]));
    };
    const [parts, joined] = [gradientsOf(model), gradientsOf(whole)];
    const at = "blocks.1.attn.qkv.adapter.default";
    const down = joined.get(`${at}.lora_a`) as tf.Tensor; // [q's 2 rows and v's, 8]
    expectClose(numbers(parts.get(`${at}.v.lora_a`) as tf.Tensor), numbers(tf.slice(down, [2, 0], [2, 8])), 1e-4);
    const up = joined.get(`${at}.lora_b`) as tf.Tensor; // [24, q's 2 columns and v's]
    expectClose(numbers(parts.get(`${at}.q.lora_b`) as tf.Tensor), numbers(tf.slice(up, [0, 0], [8, 2])), 1e-4);
    expectClose(numbers(parts.get(`${at}.v.lora_b`) as tf.Tensor), numbers(tf.slice(up, [16, 2], [8, 2])), 1e-4);
  });

  it("writes an update of a whole fused layer for the three layers of transformers", async () => {
    const model = addLora(await fixtureModel(), { ...options, targets: ["blocks.*.attn.qkv"] });
    disturb(model, /adapter/);
    const published = await encodeAdapter(model, "default", { published: namesOf(model, MODULES_OF_5) });
    const other = await fixtureModel();
    await loadAdapter(other, published, { published: namesOf(other, MODULES_OF_5) });
    expectClose(logits(other), logits(model), 1e-6);
  });

  it("keeps each part's rows of a slice of the layer, and is not saved then", async () => {
    const model = addLora(await fixtureModel(), options);
    const ranges = [
      [0, 4],
      [8, 12],
      [16, 20],
    ] as const; // the first head's queries, keys and values
    model.blocks[0]?.attn.qkv.adapter?.divide({ dim: 0, ranges }, (x) => x);
    const shapes = new Map(model.namedParameters().map(([path, { shape }]) => [path, shape]));
    expect(shapes.get("blocks.0.attn.qkv.adapter.default.v.lora_b")).toEqual([4, 2]);
    expect(shapes.get("blocks.0.attn.qkv.adapter.default.v.lora_a")).toEqual([2, 8]);
    await expect(encodeAdapter(model, "default")).rejects.toThrow("expected 96 values");
  });

  it("refuses lengths of rows, and a whole layer is whole", async () => {
    const model = await fixtureModel();
    expect(() => addLora(model, { ...options, dora: true })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: addLora: expected DoRA of whole layers, got 'blocks.0.attn.qkv.q'. Name the layer, or leave out dora.]`,
    );
    addLora(model, { ...options, targets: ["blocks.0.attn.{qkv,qkv.q}"] });
    expect(model.stateDict().has("blocks.0.attn.qkv.adapter.default.lora_a")).toBe(true);
  });
});
