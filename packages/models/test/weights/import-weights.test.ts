import type { TensorFile } from "@graticule/nn";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Classifier,
  climax,
  countParameters,
  facebookMae,
  huggingFaceVit,
  huggingFaceVitMae,
  importWeights,
  type Mae,
  mapWeights,
  maskFromShuffles,
  prithviVit,
  satMae,
  siglipVision,
  timmVit,
  unmapWeights,
  type Vit,
  type WeightFamily,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { expectClose, openFixture } from "../fixture.js";

// float32 against float32, sums in another order.
const TOLERANCE = 1e-5;

async function importFixture<M extends Vit | Mae>(
  name: string,
  family: WeightFamily,
  options: Parameters<typeof importWeights>[2],
) {
  const fixture = await openFixture<{ shuffles: number[][]; numKept: number }>(name);
  const imported = await importWeights(fixture.weights, family, { numHeads: 4, ...options });
  return { fixture, imported, model: imported.model as M };
}

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    test("a Hugging Face ViT gives transformers' tokens and logits", async () => {
      const { fixture, model } = await importFixture<Classifier>("hf-vit", huggingFaceVit, { imageSize: [8, 12] });
      expect(model.config).toEqual({
        ...{ imageSize: [8, 12], patchSize: 4, inChannels: 5, embedDim: 16, depth: 2, numHeads: 4, mlpDim: 32 },
        ...{ normEpsilon: 1e-12, pool: "cls", numClasses: 3 },
      });
      const images = await fixture.tensor("images");
      await expectClose(model.forwardFeatures(images), await fixture.values("tokens"), TOLERANCE);
      await expectClose(model.forward(images), await fixture.values("logits"), TOLERANCE);
      model.dispose();
    });

    test("a Hugging Face masked autoencoder gives transformers' latent and prediction", async () => {
      const { fixture, model } = await importFixture<Mae>("hf-vit-mae", huggingFaceVitMae, { decoderNumHeads: 2 });
      const images = await fixture.tensor("images");
      const shuffles = fixture.metadata.shuffles.map((row) => Int32Array.from(row));
      const mask = maskFromShuffles(shuffles, 1);
      const { prediction, latent } = model.forward(images, mask);
      await expectClose(latent, await fixture.values("latent"), TOLERANCE);
      await expectClose(prediction, await fixture.values("prediction"), TOLERANCE);
      model.dispose();
    });

    test.each(["vit-cls", "vit-mean"])("%s of timm gives timm's logits", async (name) => {
      const { fixture, model } = await importFixture<Classifier>(name, timmVit, { imageSize: [8, 12] });
      await expectClose(model.forward(await fixture.tensor("images")), await fixture.values("logits"), TOLERANCE);
      model.dispose();
    });

    test("a masked autoencoder under facebook's names gives its latent, and its encoder alone loads too", async () => {
      const options = { numHeads: 2, decoderNumHeads: 3, imageSize: [12, 6] } as const;
      const { fixture, model } = await importFixture<Mae>("mae-2-channels", facebookMae, options);
      const shuffles = await fixture.values("shuffle");
      const half = shuffles.length / 2;
      const rows = [shuffles.subarray(0, half), shuffles.subarray(half)].map((row) => Int32Array.from(row));
      const mask = maskFromShuffles(rows, fixture.metadata.numKept);
      await expectClose(model.encode(await fixture.tensor("images"), mask), await fixture.values("latent"), TOLERANCE);
      const skip = ["decoder_**", "mask_token"];
      const encoder = await importFixture<Vit>("mae-2-channels", facebookMae, { ...options, skip });
      expect(encoder.imported.skipped.length).toBe(20);
      expect(encoder.model).not.toHaveProperty("decoderEmbed");
      for (const each of [model, encoder.model]) each.dispose();
    });

    test("a Prithvi of three dates gives the tokens of its first date", async () => {
      const { fixture, imported, model } = await importFixture<Vit>("prithvi", prithviVit, { imageSize: [8, 12] });
      expect([...imported.adapted]).toEqual([["pos_embed", "the first of 3 frames, 2 × 3 to 2 × 3"]]);
      const tokens = model.forwardFeatures(await fixture.tensor("images"));
      await expectClose(tokens, await fixture.values("tokens"), TOLERANCE);
      model.dispose();
    });

    test.each(["satmae", "satmae-tuned"])("%s: grouped channels give PyTorch's tokens and logits", async (name) => {
      const channelGroups = [
        [0, 2, 4],
        [3, 1],
      ];
      const options = { imageSize: [8, 12], channelGroups } as const;
      const { fixture, imported, model } = await importFixture<Classifier>(name, satMae, options);
      const isTuned = name === "satmae-tuned";
      expect(model.config).toMatchObject({
        ...{ inChannels: 5, embedDim: 16, pool: isTuned ? "mean" : "cls" },
        channelGroups: { channels: channelGroups, embedDim: 4, ...(isTuned && { classToken: true }) },
      });
      expect([imported.skipped, imported.adapted.size]).toEqual([[], 0]);
      const images = await fixture.tensor("images");
      const before = memory().numTensors;
      const tokens = model.forwardFeatures(images);
      expect(memory().numTensors).toBe(before + 1);
      await expectClose(tokens, await fixture.values("tokens"), TOLERANCE);
      if (isTuned) await expectClose(model.forward(images), await fixture.values("logits"), TOLERANCE);
      expect(countParameters(model.config)).toBe(model.namedParameters().reduce((sum, [, { size }]) => sum + size, 0));
      model.dispose();
    });
  });

const families: [string, WeightFamily, number][] = [
  ["vit-cls", timmVit, 0],
  ["vit-mean", timmVit, 0],
  ["mae-3-channels", facebookMae, 0],
  ["hf-vit", huggingFaceVit, 0],
  ["hf-vit-mae", huggingFaceVitMae, 1],
  ["prithvi", prithviVit, 0],
  ["satmae", satMae, 0],
  ["satmae-tuned", satMae, 0],
];

test.each(families)("%s goes in and out bit for bit", async (name, family, variant) => {
  const { weights } = await openFixture(name);
  const mapped = mapWeights(weights, family);
  expect([mapped.variant, mapped.unmapped]).toEqual([variant, []]);
  await expectSame(unmapWeights(mapped, family, variant), weights);
});

test("ClimaX's names: a convolution a variable, joined queries, keys and values, a head that counts its GELUs", async () => {
  const { weights } = await openFixture("climax");
  const theirs = unmapWeights(weights, climax);
  const shapes = Object.fromEntries(Array.from(theirs.tensors, ([name, { shape }]) => [name, `${shape}`]));
  expect(shapes).toMatchObject({
    "token_embeds.4.proj.weight": "16,1,2,2",
    "token_embeds.4.proj.bias": "16",
    var_embed: "1,5,16",
    var_query: "1,1,16",
    "var_agg.in_proj_weight": "48,16",
    "var_agg.in_proj_bias": "48",
    "var_agg.out_proj.weight": "16,16",
    "lead_time_embed.weight": "16,1",
    "blocks.1.attn.qkv.weight": "48,16",
    "head.4.bias": "12",
  });
  expect(Object.keys(shapes).some((name) => name.startsWith("channels"))).toBe(false);
  for (const variant of [0, 1, 2]) {
    const mapped = mapWeights(unmapWeights(weights, climax, variant), climax);
    expect(mapped.unmapped).toEqual([]);
    await expectSame(mapped, weights);
  }
});

test("the encoder of SigLIP's vision tower gets the names of our blocks, and gives its own back", async () => {
  const layer = (index: number): [string, number[]][] => [
    ...["k", "v", "q", "out"].flatMap((part): [string, number[]][] => [
      [`encoder.layers.${index}.self_attn.${part}_proj.weight`, [4, 4]],
      [`encoder.layers.${index}.self_attn.${part}_proj.bias`, [4]],
    ]),
    ...["layer_norm1", "layer_norm2"].flatMap((norm): [string, number[]][] => [
      [`encoder.layers.${index}.${norm}.weight`, [4]],
      [`encoder.layers.${index}.${norm}.bias`, [4]],
    ]),
    [`encoder.layers.${index}.mlp.fc1.weight`, [8, 4]],
    [`encoder.layers.${index}.mlp.fc2.bias`, [4]],
  ];
  const names: [string, number[]][] = [
    ["embeddings.patch_embedding.weight", [4, 3, 2, 2]],
    ["embeddings.position_embedding.weight", [6, 4]],
    ...[0, 1].flatMap(layer),
    ["post_layernorm.weight", [4]],
  ];
  for (const [variant, prefix] of ["vision_model.", ""].entries()) {
    const tensors = new Map(names.map(([name, shape]) => [`${prefix}${name}`, { shape, dtype: "F32" as const }]));
    const places = [...tensors.keys()];
    const read = async (name: string) => {
      const size = tensors.get(name)!.shape.reduce((product, length) => product * length, 1);
      return new Float32Array(size).map((_, index) => 1000 * places.indexOf(name) + index);
    };
    const mapped = mapWeights({ tensors, read }, siglipVision);
    expect([mapped.variant, mapped.unmapped]).toEqual([variant, []]);
    expect(mapped.tensors.get("pos_embed")!.shape).toEqual([1, 6, 4]);
    const parts = ["q", "k", "v"].map((part) =>
      places.indexOf(`${prefix}encoder.layers.1.self_attn.${part}_proj.bias`),
    );
    const qkv = parts.flatMap((place) => [0, 1, 2, 3].map((index) => 1000 * place + index));
    expect([...(await mapped.read("blocks.1.attn.qkv.bias"))]).toEqual(qkv);
    await expectSame(unmapWeights(mapped, siglipVision, variant), { tensors, read });
  }
});

test("names below a prefix are read without it", async () => {
  const { weights } = await openFixture("vit-mean");
  const tensors = new Map(Array.from(weights.tensors, ([name, entry]) => [`module.${name}`, entry]));
  const file: TensorFile = { tensors, read: (name) => weights.read(name.slice("module.".length)) };
  const options = { numHeads: 4, imageSize: [8, 12], prefix: "module." } as const;
  const { model } = await importWeights(file, timmVit, options);
  expect(await model.clsToken?.variable.data()).toEqual(await weights.read("cls_token"));
  model.dispose();
  await expect(importWeights(file, timmVit, { ...options, prefix: "net." })).rejects.toThrow(
    /importWeights: expected names that begin with 'net\.', got module\./,
  );
});

test("every unexpected, missing and mismatched tensor is listed", async () => {
  const { weights } = await openFixture("hf-vit");
  const tensors = new Map(weights.tensors);
  tensors.delete("vit.encoder.layer.1.attention.attention.key.bias");
  tensors.set("vit.pooler.dense.weight", { shape: [16, 16], dtype: "F32" });
  tensors.set("vit.layernorm.bias", { shape: [7], dtype: "F32" });
  tensors.set("vit.encoder.layer.0.attention.attention.query.weight", { shape: [16, 9], dtype: "F32" });
  const file: TensorFile = { tensors, read: weights.read };
  const options = { numHeads: 4, imageSize: [8, 12] } as const;
  await expect(importWeights(file, huggingFaceVit, options)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: loadStateDict: expected the 32 tensors of the model, got 1 of another shape (norm.bias is [7] instead of [16]), 2 missing (blocks.0.attn.qkv.weight, blocks.1.attn.qkv.bias), 6 unexpected (vit.pooler.dense.weight, vit.encoder.layer.1.attention.attention.query.bias, vit.encoder.layer.1.attention.attention.value.bias, vit.encoder.layer.0.attention.attention.query.weight, vit.encoder.layer.0.attention.attention.key.weight, vit.encoder.layer.0.attention.attention.value.weight). Build the model with the configuration that the weights were saved with.]`,
  );
  await expect(importWeights(file, timmVit, options)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: importWeights: expected 'patch_embed.proj.weight' with 4 dimensions, got none. The file's tensors are classifier.bias, classifier.weight, vit.embeddings.cls_token, vit.embeddings.patch_embeddings.projection.bias, ….]`,
  );
  await expect(importWeights(weights, huggingFaceVit)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: importWeights: expected positions for a square image, got 6 patches of 4 pixels. Give the image size that the weights were trained at.]`,
  );
  await expect(
    importWeights(weights, huggingFaceVit, { imageSize: [8, 12] }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: importWeights: expected the number of heads, got none for a width of 16. Weights don't tell it; give numHeads.]`,
  );
  await expect(
    importWeights(weights, huggingFaceVit, { ...options, skip: ["pooler.**"] }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RangeError: importWeights: expected skip 'pooler.**' to match a tensor of the file, got none. Names look like 'classifier.bias'.]`,
  );
  expect(() => unmapWeights(weights, timmVit)).toThrow(/tensors that the family has names for, got classifier\.bias, /);
});

async function expectSame(actual: TensorFile, expected: TensorFile): Promise<void> {
  const sorted = (file: TensorFile) =>
    Array.from(file.tensors, ([name, { shape, dtype }]) => `${name} ${dtype} ${shape}`).sort();
  expect(sorted(actual)).toEqual(sorted(expected));
  for (const name of expected.tensors.keys()) {
    const [a, b] = [await actual.read(name), await expected.read(name)];
    expect(new Uint32Array(a.buffer, a.byteOffset, a.length)).toEqual(
      new Uint32Array(b.buffer, b.byteOffset, b.length),
    );
  }
}
