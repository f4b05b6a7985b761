import { expect, test } from "vitest";
import {
  type ChannelVitPreset,
  Classifier,
  channelTree,
  channelVitConfig,
  countParameters,
  hyperspectralMaeConfig,
  Mae,
  maeConfig,
  Vit,
  type VitPreset,
  vitConfig,
} from "../src/index.js";

const image = { imageSize: [224, 224], inChannels: 3 } as const;
const built = (model: Vit | Mae) => model.namedParameters().reduce((sum, [, { size }]) => sum + size, 0);

test("the closed form counts what is built, for every kind of model", () => {
  const size = { imageSize: [32, 48], inChannels: 13, patchSize: 8 } as const;
  const vit = vitConfig("tiny", size);
  const mae = maeConfig("tiny", { ...size, decoderEmbedDim: 64, decoderDepth: 2, decoderNumHeads: 4 });
  expect(countParameters(vit)).toBe(built(new Vit(vit)));
  expect(countParameters({ ...vit, pool: "mean" })).toBe(built(new Vit({ ...vit, pool: "mean" })));
  expect(countParameters({ ...vit, numClasses: 21 })).toBe(built(new Classifier({ ...vit, numClasses: 21 })));
  expect(countParameters(mae)).toBe(built(new Mae(mae)));
});

test("known models have their known sizes", () => {
  // timm's vit_base_patch16_224 with 1000 classes, and MAE's mae_vit_base_patch16 (fixed positions included).
  expect(countParameters({ ...vitConfig("base", image), numClasses: 1000 })).toBe(86_567_656);
  expect(countParameters(maeConfig("base", image))).toBe(111_907_840);
});

test.each([
  ["base", 87e6],
  ["huge", 635e6],
  ["1B", 914e6],
  ["3B", 3067e6],
  ["15B", 14720e6],
] as [VitPreset, number][])("%s has the published number of parameters within 2 %%", (preset, published) => {
  expect(Math.abs(countParameters(vitConfig(preset, image)) / published - 1)).toBeLessThan(0.02);
});

test("the 5B row gives 3.8 billion, as its widths say, not the 5.35 that is printed", () => {
  expect(countParameters(vitConfig("5B", image)) / 1e9).toBeCloseTo(3.8, 1);
});

test("the biggest preset is built without storage", () => {
  const config = vitConfig("15B", image);
  expect(built(new Vit(config))).toBe(countParameters(config));
});

// The published numbers are sums over tensor-parallel ranks: all but one hold another copy of the bias that follows each
// row-parallel product, two in a block and one in the aggregation.
test.each([
  ["1.7B", 512, 2, 1676.6],
  ["1.7B", 1024, 8, 1713.1],
  ["7B", 256, 4, 6589.7],
  ["7B", 512, 16, 6628.5],
  ["15B", 128, 8, 14766.7],
  ["15B", 256, 16, 14796.7],
  ["26B", 128, 16, 26236.3],
  ["26B", 256, 16, 26272.0],
] as [ChannelVitPreset, number, number, number][])(
  "%s of %i channels has D-CHAG's published size",
  (preset, inChannels, ranks, millions) => {
    const config = channelVitConfig(preset, { inChannels });
    const copies = (ranks - 1) * (2 * config.depth + 1) * config.embedDim;
    expect((countParameters(config) + copies) / 1e6).toBeCloseTo(millions, 1);
  },
);

test("ClimaX of 48 variables has its 108 million", () => {
  expect(countParameters(channelVitConfig("climax", { inChannels: 48 })) / 1e6).toBeCloseTo(108, 0);
});

test("the hyperspectral run has its published 40.09 million", () => {
  expect(countParameters(hyperspectralMaeConfig("hyperspectral", { inChannels: 500 })) / 1e6).toBeCloseTo(40.09, 2);
});

test("a group of cross-attentions adds one attention, however deep its tree", () => {
  const config = channelVitConfig("era5", { inChannels: 80 });
  const tree = (shape: "tree0" | "tree4") =>
    channelTree(shape, { inChannels: 80, groups: 4, reducer: "cross-attention" });
  const attention = 4 * 512 * 512 + 2 * 512; // q, k, v, proj with its bias, and the query
  for (const shape of ["tree0", "tree4"] as const)
    expect(countParameters({ ...config, channelTree: tree(shape) }) - countParameters(config)).toBe(4 * attention);
  const linear = channelTree("tree0", { inChannels: 80, groups: 4, reducer: "linear" });
  expect(countParameters({ ...config, channelTree: linear }) - countParameters(config)).toBe(80 + 4);
});
