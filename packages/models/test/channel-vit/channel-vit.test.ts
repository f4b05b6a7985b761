import { initialize, normal } from "@graticule/nn";
import { latitudeWeightedMeanSquaredError } from "@graticule/ops";
import { gather, slice, type Tensor, tensor4d } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type ChannelTree,
  ChannelVit,
  type ChannelVitConfig,
  channelTree,
  channelVitConfig,
  makeChannelVit,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { checkSlopes } from "../check-slopes.js";
import { expectClose } from "../fixture.js";
import { randomTensor } from "../random-tensor.js";

const size = { imageSize: [4, 6], patchSize: 2, embedDim: 8, depth: 1, numHeads: 2, mlpDim: 16 } as const;

function build(inChannels: number, overrides: Partial<ChannelVitConfig> = {}): ChannelVit {
  const config = channelVitConfig("tiny", { ...size, inChannels, leadTime: false, decoderDepth: 1, ...overrides });
  return initialize(new ChannelVit(config), [["**", normal(0.4)]], 3);
}

const values = async (x: Tensor) => (await x.data()) as Float32Array;
const halves: ChannelTree = {
  reducer: "cross-attention",
  groups: [
    { reducer: "linear", channels: [0, 1, 2] },
    { reducer: "cross-attention", channels: [3, 4] },
  ],
};

for (const { name: backend, skip, use } of backends)
  describe.skipIf(skip)(`on ${backend}`, () => {
    beforeAll(use);

    // On wasm the gradients are compared with the reference's instead: these are a thousand forward passes.
    test.skipIf(backend === "wasm")("the loss changes along random directions as its gradient says", () => {
      const levels = { levelsHpa: [null, 500, 850, null, 1000] };
      const more = { leadTime: true, noiseDim: 3, channelCondition: levels, outChannels: 2 };
      const model = build(5, { channelTree: halves, ...more });
      const images = randomTensor([2, 5, 4, 6], "images");
      const [target, noise] = [randomTensor([2, 2, 4, 6], "target"), randomTensor([2, 3], "noise")];
      const options = { leadTimeHours: [6, 72], noise, channelMask: Uint8Array.of(1, 0, 1, 1, 1, 0, 0, 0, 1, 1) };
      checkSlopes(model, () =>
        latitudeWeightedMeanSquaredError(model.forward(images, options), target, [0.5, 1, 1.5, 1]),
      );
      model.dispose();
    });

    test.each([
      ["one channel, one patch, one image", 1, [2, 2], 1, "flat"],
      ["a prime number of channels", 17, [4, 6], 2, "tree3"],
      ["a thousand channels", 1000, [4, 4], 1, "tree4"],
      ["a thousand channels, flat", 1000, [4, 4], 1, "flat"],
    ] as const)("%s give finite images", async (_, inChannels, imageSize, batch, shape) => {
      for (const reducer of shape === "flat" ? ([undefined] as const) : (["linear", "cross-attention"] as const)) {
        const tree = channelTree(shape, { inChannels, ...(reducer && { groups: 5, reducer }) });
        const model = build(inChannels, { imageSize, channelTree: tree, outChannels: 1 });
        const images = randomTensor([batch, inChannels, ...imageSize], "images");
        const found = await values(model.forward(images));
        expect(found.length).toBe(batch * imageSize[0] * imageSize[1]);
        expect(found.every(Number.isFinite)).toBe(true);
        model.dispose();
      }
    });

    test("a missing channel is as if it never was in a cross-attention, whatever its pixels", async () => {
      const model = build(3, { outChannels: 1 });
      const images = randomTensor([2, 3, 4, 6], "images");
      const pixels = (await values(images)).slice();
      for (let i = 0; i < pixels.length; i++) if (Math.floor(i / 24) % 3 === 1) pixels[i] = Number.NaN;
      const broken = tensor4d(pixels, [2, 3, 4, 6]);

      const small = build(2, { outChannels: 1 });
      const state = new Map<string, Tensor>(model.stateDict());
      const [weight, bias, embed] = ["weight", "bias", "channel_embed"].map(
        (name) => state.get(`channels.tokens.${name}`)!,
      );
      state.set("channels.tokens.weight", gather(weight as Tensor, [0, 2], 1));
      state.set("channels.tokens.bias", gather(bias as Tensor, [0, 2]));
      state.set("channels.tokens.channel_embed", gather(embed as Tensor, [0, 2]));
      await small.loadStateDict(state);
      const expected = await values(small.forward(gather(images, [0, 2], 1)));

      const masks = {
        "all images": [1, 0, 1],
        "each image": [1, 0, 1, 1, 0, 1],
        "each patch": Array(12).fill([1, 0, 1]).flat(),
      };
      for (const mask of Object.values(masks))
        await expectClose(model.forward(broken, { channelMask: Uint8Array.from(mask) }), expected, 1e-5);
    });

    test("a missing group is not seen, and missing channels of a linear group count as zero tokens", async () => {
      const model = build(5, { channelTree: halves, outChannels: 1 });
      const images = randomTensor([1, 5, 4, 6], "images");
      const masked = (mask: number[]) => model.forward(images, { channelMask: Uint8Array.from(mask) });
      const whole = await values(masked([1, 1, 1, 1, 1]));
      await expectClose(model.forward(images), whole, 1e-6);
      const withoutFirst = await values(masked([0, 0, 0, 1, 1]));
      // By patch, in the same words: the result must not depend on the way the mask is given.
      const perPatch = Array(6).fill([0, 0, 0, 1, 1]).flat();
      await expectClose(masked(perPatch), withoutFirst, 1e-5);
      expect(Math.abs(withoutFirst[0]! - whole[0]!)).toBeGreaterThan(1e-3);

      const partly = await values(masked([1, 0, 1, 1, 1]));
      const weight = model.namedParameters().find(([path]) => path === "channels.groups.0.mix.weight")![1];
      const [a, , c] = await values(weight.variable);
      weight.assign(Float32Array.of(a!, 0, c!));
      await expectClose(model.forward(images), partly, 1e-5);
      await expectClose(masked(Array(6).fill([1, 1, 1, 1, 1]).flat()), partly, 1e-5);
    });

    test("kept patches are aggregated as among all", async () => {
      const model = build(5, { channelTree: halves });
      const images = randomTensor([2, 5, 4, 6], "images");
      const all = model.aggregate(images); // [2, 6, 8]
      const kept = model.aggregate(images, { keep: Int32Array.of(4, 1, 0, 5) });
      for (const [place, [sample, patch]] of [
        [0, 4],
        [0, 1],
        [1, 0],
        [1, 5],
      ].entries()) {
        const own = slice(kept, [Math.floor(place / 2), place % 2, 0], [1, 1, 8]);
        await expectClose(own, await values(slice(all, [sample as number, patch as number, 0], [1, 1, 8])), 1e-6);
      }
    });
  });

test("first values are sines and cosines for channels and positions, zeros for queries, and depend on the seed", async () => {
  await backends[0]!.use();
  const config = channelVitConfig("tiny", { ...size, inChannels: 5, channelTree: halves });
  const model = makeChannelVit(config, { seed: 1 });
  const state = model.stateDict();
  const embed = await values(state.get("channels.groups.1.tokens.channel_embed") as Tensor);
  // Channel 3 of width 8: sin(3 · 10000^(−i/4)), then cosines.
  expect(embed[0]).toBeCloseTo(Math.sin(3), 6);
  expect(embed[1]).toBeCloseTo(Math.sin(0.3), 6);
  expect(embed[4]).toBeCloseTo(Math.cos(3), 6);
  expect((await values(state.get("channels.attn.query") as Tensor)).every((value) => value === 0)).toBe(true);
  expect([...state.keys()].filter((path) => path.startsWith("channels."))).toMatchInlineSnapshot(`
    [
      "channels.groups.0.tokens.weight",
      "channels.groups.0.tokens.bias",
      "channels.groups.0.tokens.channel_embed",
      "channels.groups.0.mix.weight",
      "channels.groups.0.mix.bias",
      "channels.groups.1.tokens.weight",
      "channels.groups.1.tokens.bias",
      "channels.groups.1.tokens.channel_embed",
      "channels.groups.1.attn.query",
      "channels.groups.1.attn.q.weight",
      "channels.groups.1.attn.k.weight",
      "channels.groups.1.attn.v.weight",
      "channels.groups.1.attn.proj.weight",
      "channels.groups.1.attn.proj.bias",
      "channels.attn.query",
      "channels.attn.q.weight",
      "channels.attn.k.weight",
      "channels.attn.v.weight",
      "channels.attn.proj.weight",
      "channels.attn.proj.bias",
    ]
  `);
  const other = makeChannelVit(config, { seed: 2 }).stateDict();
  const weights = await values(state.get("head.0.weight") as Tensor);
  expect(await values(other.get("head.0.weight") as Tensor)).not.toEqual(weights);
});

test("what doesn't fit is named", async () => {
  await backends[0]!.use();
  const model = build(3, { leadTime: true, noiseDim: 2 });
  const images = randomTensor([2, 3, 4, 6], "images");
  expect(() => model.forward(randomTensor([2, 4, 4, 6], "other"))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: ChannelVit: expected images [B, 3, 4, 6], got [2, 4, 4, 6]. Regrid to the model's imageSize; name missing channels in channelMask.]`,
  );
  expect(() => model.forward(images)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: leadTimeHours: expected 2 hours, got none.]`,
  );
  expect(() => model.forward(images, { leadTimeHours: [6, 6] })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: noise: expected [2, 2], got none.]`,
  );
  expect(() => model.aggregate(images, { channelMask: new Uint8Array(5) })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: channelMask: expected 3, 6, 36 values (C, B·C or B·K·C), got 5.]`,
  );
  expect(() => model.aggregate(images, { channelMask: new Uint8Array(3) })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelMask: expected at least one channel, got none.]`,
  );
});
