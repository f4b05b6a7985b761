import { expect, test } from "vitest";
import { channelsOf, channelTree, channelVitConfig } from "../../src/index.js";

test("groups are near-equal runs, the longer ones first, and parts of a group likewise", () => {
  const tree = channelTree("tree2", { inChannels: 8, groups: 3, reducer: "linear" });
  expect(tree).toEqual({
    reducer: "cross-attention",
    groups: [
      {
        reducer: "linear",
        groups: [
          { reducer: "linear", channels: [0, 1] },
          { reducer: "linear", channels: [2] },
        ],
      },
      {
        reducer: "linear",
        groups: [
          { reducer: "linear", channels: [3, 4] },
          { reducer: "linear", channels: [5] },
        ],
      },
      {
        reducer: "linear",
        groups: [
          { reducer: "linear", channels: [6] },
          { reducer: "linear", channels: [7] },
        ],
      },
    ],
  });
  expect(channelsOf(tree)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test("a flat tree is one cross-attention over all channels", () => {
  expect(channelTree("flat", { inChannels: 3 })).toEqual({ reducer: "cross-attention", channels: [0, 1, 2] });
});

test("what makes no tree is named", () => {
  const make = (shape: string, options: object) => () =>
    channelTree(shape as "flat", { inChannels: 4, ...options } as Parameters<typeof channelTree>[1]);
  expect(make("bush", {})).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected 'flat' or 'tree0', 'tree2', 'tree4', …, got 'bush'.]`,
  );
  expect(make("flat", { groups: 2 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected no groups and no reducer for 'flat', got some. Leave them out.]`,
  );
  expect(make("tree0", {})).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected groups and a reducer for 'tree0', got none.]`,
  );
  expect(make("tree0", { groups: 5, reducer: "linear" })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected 1 to 4 parts of 4 channels, got 5.]`,
  );
  expect(make("tree4", { groups: 2, reducer: "linear" })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected 1 to 2 parts of 2 channels, got 4.]`,
  );
  expect(
    make("tree0", {
      groups: [
        [0, 1],
        [1, 2, 3],
      ],
      reducer: "linear",
    }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected each channel from 0 to 3 once, got 1 in group 1 of the root.]`,
  );
  expect(make("tree0", { groups: [[0, 1], [3]], reducer: "linear" })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected each of 4 channels in a group, got channel 2 in none.]`,
  );
  expect(make("tree0", { groups: [[0, 1], [], [2, 3]], reducer: "linear" })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected channels in group 1 of the root, got none.]`,
  );
  expect(make("tree0", { groups: 2, reducer: "mean" })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelTree: expected reducers 'linear' or 'cross-attention', got 'mean' of group 0 of the root.]`,
  );
});

test("a config that can't be built is named", () => {
  const size = { inChannels: 4, imageSize: [8, 8], patchSize: 4 } as const;
  expect(() => channelVitConfig("giant" as "tiny", size)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelVitConfig: expected a preset of tiny, small, era5, hyperspectral, climax, 1.7B, 7B, 15B, 26B, got 'giant'.]`,
  );
  expect(() => channelVitConfig("tiny", { ...size, embedDim: 10, numHeads: 5 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelVitConfig: expected embedDim to be a multiple of 4 for its sin-cos positions, got 10.]`,
  );
  expect(() => channelVitConfig("tiny", { ...size, noiseDim: -1 })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelVitConfig: expected noiseDim to be a whole number of at least 0, got -1.]`,
  );
  const levels = { levelsHpa: [null, 500, 850] };
  expect(() => channelVitConfig("tiny", { ...size, channelCondition: levels })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelVitConfig: expected 4 positive levelsHpa, got 3.]`,
  );
  const wavelengths = { wavelengthsNm: [400, 500, -1, 700] };
  expect(() => channelVitConfig("tiny", { ...size, channelCondition: wavelengths })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: channelVitConfig: expected 4 positive wavelengthsNm, got -1.]`,
  );
});
