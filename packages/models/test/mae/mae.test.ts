import { makeRandom } from "@graticule/core";
import { memory, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import {
  loadMaeEncoder,
  type Mae,
  type MaeConfig,
  maeConfig,
  maeLoss,
  makeClassifier,
  makeMae,
  makeMaeMask,
  makeVit,
  maskFromShuffles,
  numPatches,
  vitConfig,
} from "../../src/index.js";
import { backends } from "../backends.js";

beforeAll(backends[0]!.use);

const size = { imageSize: [6, 9], patchSize: 3, inChannels: 2 } as const;
const small = { ...size, embedDim: 8, depth: 1, numHeads: 2, mlpDim: 16 } as const;
const config: MaeConfig = maeConfig("tiny", {
  ...small,
  decoderEmbedDim: 12,
  decoderDepth: 1,
  decoderNumHeads: 3,
});

const random = makeRandom(3, "pixels");
const pixels = Float32Array.from({ length: 2 * 2 * 6 * 9 }, () => random.normal());
const imagesOf = (values: Float32Array): Tensor => tensor(values, [2, 2, 6, 9]);
const mask = maskFromShuffles([Int32Array.of(4, 0, 1, 2, 3, 5), Int32Array.of(2, 5, 0, 1, 3, 4)], 2);
/** Pixel (sample, channel 1, row, column) changed by one. */
const withPixel = (sample: number, row: number, column: number) => {
  const changed = pixels.slice();
  changed[((sample * 2 + 1) * 6 + row) * 9 + column]! += 1;
  return imagesOf(changed);
};

test("the encoder sees the kept patches only", () => {
  const model = makeMae(config, { seed: 1 });
  const latent = [...model.encode(imagesOf(pixels), mask).dataSync()];
  // Sample 0 keeps patches 4 (row 1, column 1) and 0; pixel (0, 4) lies in patch 1, pixel (4, 4) in patch 4.
  expect([...model.encode(withPixel(0, 0, 4), mask).dataSync()]).toEqual(latent);
  expect([...model.encode(withPixel(0, 4, 4), mask).dataSync()]).not.toEqual(latent);
  model.dispose();
});

test("the loss sees the pixels of masked patches only, and kept ones through the encoder", () => {
  const model = makeMae(config, { seed: 1 });
  const { prediction } = model.forward(imagesOf(pixels), mask);
  const values = prediction.dataSync();
  // By hand: patch values in the order (row, column, channel), mean squares over the four masked patches of each image.
  let sum = 0;
  for (const sample of [0, 1])
    for (const patch of [0, 1, 2, 3, 4, 5]) {
      if (mask.mask[sample * 6 + patch] === 0) continue;
      for (let p = 0; p < 3; p++)
        for (let q = 0; q < 3; q++)
          for (let c = 0; c < 2; c++) {
            const [row, column] = [Math.floor(patch / 3) * 3 + p, (patch % 3) * 3 + q];
            const target = pixels[((sample * 2 + c) * 6 + row) * 9 + column]!;
            sum += (values[(sample * 6 + patch) * 18 + (p * 3 + q) * 2 + c]! - target) ** 2;
          }
    }
  expect(maeLoss(model, imagesOf(pixels), mask, { normPix: false }).dataSync()[0]).toBeCloseTo(sum / (8 * 18), 5);
  model.dispose();
});

test("an image's prediction does not depend on the others of its batch", () => {
  const model = makeMae(config, { seed: 1 });
  const alone = maskFromShuffles([Int32Array.of(2, 5, 0, 1, 3, 4)], 2);
  const both = model.forward(imagesOf(pixels), mask).prediction.dataSync();
  const one = model.forward(tensor(pixels.slice(108), [1, 2, 6, 9]), alone).prediction.dataSync();
  for (const [index, value] of one.entries()) expect(Math.abs(value - both[108 + index]!)).toBeLessThan(1e-6);
  model.dispose();
});

test("the order in which kept patches are seen does not matter", () => {
  const model = makeMae(config, { seed: 1 });
  const swapped = maskFromShuffles([Int32Array.of(0, 4, 5, 3, 2, 1), Int32Array.of(5, 2, 0, 1, 3, 4)], 2);
  const [a, b] = [mask, swapped].map((each) => model.forward(imagesOf(pixels), each).prediction.dataSync());
  for (const [index, value] of a!.entries()) expect(Math.abs(value - b![index]!)).toBeLessThan(1e-6);
  model.dispose();
});

test("a forward pass leaves its results and nothing else", () => {
  const model = makeMae(config, { seed: 1 });
  const images = imagesOf(pixels);
  const before = memory().numTensors;
  model.forward(images, mask);
  expect(memory().numTensors).toBe(before + 2);
  tidy(() => maeLoss(model, images, mask, { normPix: true }).dataSync());
  expect(memory().numTensors).toBe(before + 2);
  model.dispose();
});

test("the first values are MAE's: Xavier uniform, tokens 0.02, biases 0, norms 1, fixed positions", () => {
  const model = makeMae(config, { seed: 1 });
  const value = (path: string) => model.stateDict().get(path)!.dataSync();
  expect([...value("blocks.0.attn.qkv.bias")].every((bias) => bias === 0)).toBe(true);
  expect([...value("decoder_norm.weight"), ...value("blocks.0.norm2.weight")].every((gain) => gain === 1)).toBe(true);
  const bound = Math.sqrt(6 / (8 + 2 * 9));
  expect(Math.max(...value("patch_embed.proj.weight").map(Math.abs))).toBeLessThan(bound);
  expect(Math.max(...value("patch_embed.proj.weight").map(Math.abs))).toBeGreaterThan(0.9 * bound);
  expect(Math.max(...value("mask_token").map(Math.abs))).toBeLessThan(0.1);
  expect([...value("pos_embed").slice(0, 8)]).toEqual(new Array(8).fill(0));
  expect([...value("decoder_pos_embed").slice(12, 24)]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
  const fixed = model.namedParameters().filter(([, parameter]) => !parameter.trainable);
  expect(fixed.map(([path]) => path)).toEqual(["pos_embed", "decoder_pos_embed"]);
  model.dispose();
});

test("the same seed gives the same encoder whatever the decoder", () => {
  const [a, b] = [makeMae(config, { seed: 2 }), makeMae({ ...config, decoderDepth: 3 }, { seed: 2 })];
  const qkv = (model: Mae) => [...model.stateDict().get("blocks.0.attn.qkv.weight")!.dataSync()];
  expect(qkv(a)).toEqual(qkv(b));
  a.dispose();
  b.dispose();
});

test("the encoder loads into a ViT, which then computes the encoder's features without a mask", async () => {
  const model = makeMae(config, { seed: 1 });
  const vit = makeVit(vitConfig("tiny", small), { seed: 9 });
  const report = await loadMaeEncoder(vit, model.stateDict());
  expect(report.missing).toEqual([]);
  expect(report.unexpected.every((name) => /^(decoder_|mask_token)/.test(name))).toBe(true);
  const all = maskFromShuffles(
    [0, 1].map(() => Int32Array.of(0, 1, 2, 3, 4, 5)),
    6,
  );
  const encoded = model.encode(imagesOf(pixels), all).dataSync();
  const features = vit.forwardFeatures(imagesOf(pixels)).dataSync();
  for (const [index, value] of features.entries()) expect(Math.abs(value - encoded[index]!)).toBeLessThan(1e-5);
  model.dispose();
  vit.dispose();
});

test("a classifier that pools the mean takes the encoder, and keeps its own fc_norm and head", async () => {
  const model = makeMae(config, { seed: 1 });
  const classifier = makeClassifier({ ...vitConfig("tiny", { ...small, pool: "mean" }), numClasses: 3 }, { seed: 9 });
  const head = [...classifier.head.weight.variable.dataSync()];
  const report = await loadMaeEncoder(classifier, model.stateDict());
  expect(report.missing).toEqual(["fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"]);
  expect([...classifier.head.weight.variable.dataSync()]).toEqual(head);
  expect(classifier.clsToken?.variable.dataSync()).toEqual(model.clsToken.variable.dataSync());
  model.dispose();
  classifier.dispose();
});

test("an encoder of another depth or width is an error", async () => {
  const model = makeMae(config, { seed: 1 });
  const deeper = makeVit(vitConfig("tiny", { ...small, depth: 2 }), { seed: 1 });
  const wider = makeVit(vitConfig("tiny", { ...small, embedDim: 12 }), { seed: 1 });
  await expect(loadMaeEncoder(deeper, model.stateDict())).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: loadMaeEncoder: expected the encoder tensors of a masked autoencoder, got 12 missing (blocks.1.norm1.weight, blocks.1.norm1.bias, blocks.1.attn.qkv.weight, blocks.1.attn.qkv.bias, blocks.1.attn.proj.weight, blocks.1.attn.proj.bias, blocks.1.norm2.weight, blocks.1.norm2.bias, blocks.1.mlp.fc1.weight, blocks.1.mlp.fc1.bias, blocks.1.mlp.fc2.weight, blocks.1.mlp.fc2.bias), 0 unexpected (). Build the model with the depth and width of the pretrained encoder.]`,
  );
  await expect(loadMaeEncoder(wider, model.stateDict())).rejects.toThrow("cls_token is [1,1,8] instead of [1,1,12]");
  for (const each of [model, deeper, wider]) each.dispose();
});

test("images and masks that don't fit are errors", () => {
  const model = makeMae(config, { seed: 1 });
  const images = imagesOf(pixels);
  const short = makeMaeMask({ seed: 1, epoch: 0, indices: [0], numTokens: numPatches(config), maskRatio: 0.5 });
  expect(() => model.forward(images, short)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Mae: expected a mask of 2 × 6 patches, got 1 × 6. Make the mask for this batch and the model's number of patches.]`,
  );
  expect(() => model.forward(tensor(pixels, [2, 2, 9, 6]), mask)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: PatchEmbed: expected images [B, 2, 6, 9], got [2, 2, 9, 6]. Select the model's channels and resize to its imageSize first.]`,
  );
  expect(() => model.forward(tensor(pixels.slice(0, 108), [2, 1, 6, 9]), mask)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: PatchEmbed: expected images [B, 2, 6, 9], got [2, 1, 6, 9]. Select the model's channels and resize to its imageSize first.]`,
  );
  model.dispose();
});
