import { beforeAll, expect, test } from "vitest";
import {
  adaptChannels,
  type ChannelAdaption,
  facebookMae,
  importWeights,
  resamplePositions,
  satMae,
  timmVit,
  type Vit,
} from "../../src/index.js";
import { backends } from "../backends.js";
import { openFixture } from "../fixture.js";

beforeAll(backends[0]!.use);

const expectNear = (actual: Float32Array, expected: Float32Array, tolerance = 2e-6): void => {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThan(tolerance);
};

test.each([
  [6, 10],
  [2, 3],
  [4, 2],
  [7, 5],
] as const)("positions of 3 × 5 patches become those of %i × %i as timm's do", async (rows, columns) => {
  const fixture = await openFixture("adaptions");
  const options = { embedDim: 2, from: [3, 5], to: [rows, columns] } as const;
  const positions = await fixture.values("positions");
  const resampled = resamplePositions(positions, { ...options, prefixTokens: 1 });
  expectNear(resampled, await fixture.values(`positions.${rows}x${columns}`));
});

test("positions without a class token are interpolated alike, and the same grid keeps its values", async () => {
  const fixture = await openFixture("adaptions");
  const positions = await fixture.values("positions");
  const options = { embedDim: 2, from: [3, 5], prefixTokens: 0 } as const;
  const resampled = resamplePositions(positions.subarray(2), { ...options, to: [2, 9] });
  expectNear(resampled, await fixture.values("patches.2x9"));
  expect(resamplePositions(positions, { ...options, to: [3, 5], prefixTokens: 1 })).toBe(positions);
  expect(() => resamplePositions(positions, { ...options, to: [3, 5] })).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: resamplePositions: expected 0 + 3 × 5 positions of 2 values, got 32 values. Give the image size that the weights were trained at.]`,
  );
});

test.each([1, 5, 7])("a projection of 3 channels is repeated for %i as timm's is", async (inChannels) => {
  const fixture = await openFixture("adaptions");
  const adapted = adaptChannels(await fixture.values("weight"), [2, 3, 2, 2], { method: "repeat", inChannels });
  expect(adapted.shape).toEqual([2, inChannels, 2, 2]);
  expectNear(adapted.values, await fixture.values(`weight.${inChannels}`));
});

test("channels are averaged, and interpolated between neighbors in wavelength", () => {
  const weights = Float32Array.of(1, 2, 6);
  const adapt = (adaption: ChannelAdaption) => Array.from(adaptChannels(weights, [1, 3, 1, 1], adaption).values);
  expect(adapt({ method: "average", inChannels: 2 })).toEqual([4.5, 4.5]);
  // red 660, green 560, blue 480 nm: the same wavelengths in another order are the same weights in it.
  const fromNm = [660, 560, 480];
  expect(adapt({ method: "wavelength", fromNm, toNm: [480, 560, 660] })).toEqual([6, 2, 1]);
  // 520 is halfway between blue and green; 400 and 900 lie beyond the ends; three quarters as strong, since four share.
  const toNm = [400, 520, 635, 900];
  expect(adapt({ method: "wavelength", fromNm, toNm })).toEqual([6, 4, 1.25, 1].map((value) => 0.75 * value));
  expect(() => adapt({ method: "wavelength", fromNm: [660, 560], toNm })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: adaptChannels: expected a positive wavelength for each of 3 channels, got [660,560] to [400,520,635,900].]`,
  );
});

test("weights are imported for other channels and another image size, and say so", async () => {
  const { weights } = await openFixture("vit-cls");
  const { model, adapted } = await importWeights(weights, timmVit, {
    ...{ numHeads: 4, imageSize: [8, 12], toImageSize: [16, 8], channels: { method: "repeat", inChannels: 13 } },
  });
  expect([...adapted]).toEqual([
    ["pos_embed", "2 × 3 to 4 × 2"],
    ["patch_embed.proj.weight", "5 channels to 13 by repeat"],
  ]);
  expect(model.config).toMatchObject({ imageSize: [16, 8], inChannels: 13 });
  const vit = model as Vit;
  const projection = await weights.read("patch_embed.proj.weight");
  const expected = adaptChannels(projection, [16, 5, 4, 4], { method: "repeat", inChannels: 13 });
  expect(await vit.stateDict().get("patch_embed.proj.weight")?.data()).toEqual(expected.values);
  model.dispose();
  const mae = await openFixture("mae-3-channels");
  await expect(
    importWeights(mae.weights, facebookMae, {
      numHeads: 4,
      decoderNumHeads: 3,
      imageSize: [8, 12],
      channels: { method: "average", inChannels: 1 },
    }),
  ).rejects.toThrow("importWeights: expected an encoder alone where channels change");
});

test("grouped channels have to be told, and are those that the weights were trained on", async () => {
  const { weights } = await openFixture("satmae");
  const options = { numHeads: 4, imageSize: [8, 12] } as const;
  const channelGroups = [
    [0, 1, 2],
    [3, 4],
  ];
  const channels = { method: "repeat", inChannels: 13 } as const;
  await expect(importWeights(weights, satMae, options)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: importWeights: expected channelGroups of 3, 2 channels, got [[0,1,2,6],[3,4,5,7],[8,9]]. Weights don't tell which channels a group has; say it.]`,
  );
  await expect(
    importWeights(weights, satMae, {
      ...options,
      channelGroups: [
        [0, 1, 2],
        [3, 5],
      ],
    }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[RangeError: vitConfig: expected channelGroups with each of channels 0 to 4 once, got [[0,1,2],[3,5]].]`,
  );
  await expect(
    importWeights(weights, satMae, { ...options, channelGroups, channels }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: importWeights: expected one patch projection where channels change, got one for each of 2 groups. Feed it the bands that it was trained on.]`,
  );
  const decoder = { shape: [8, 16], dtype: "F32" as const };
  const withDecoder = { ...weights, tensors: new Map([...weights.tensors, ["decoder_embed.weight", decoder]]) };
  await expect(
    importWeights(withDecoder, satMae, { ...options, channelGroups }),
  ).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: importWeights: expected an encoder alone, of grouped channels, got a decoder. Skip decoder_** and mask_token.]`,
  );
  const { model, adapted } = await importWeights(weights, satMae, { ...options, channelGroups, toImageSize: [16, 8] });
  expect([...adapted]).toEqual([["pos_embed", "2 × 3 to 4 × 2"]]);
  expect(model.posEmbed.shape).toEqual([1, 9, 12]);
  model.dispose();
});
