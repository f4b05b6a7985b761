import { expect, test } from "vitest";
import * as data from "../src/index.js";
import { assertSameSchema } from "../src/index.js";

test("the public names are these", () => {
  expect(Object.keys(data).sort()).toMatchInlineSnapshot(`
    [
      "HttpError",
      "SPLITS",
      "applyTransforms",
      "assertByteRange",
      "assertChannelCount",
      "assertSameChannels",
      "assertSameSchema",
      "assertTransforms",
      "beginWork",
      "centerCrop",
      "centeredBox",
      "downloadFile",
      "drawCropBox",
      "endRead",
      "endWork",
      "epochOrder",
      "expandPaths",
      "extractArchive",
      "fetchObject",
      "flipHorizontal",
      "flipVertical",
      "makeLoader",
      "makeMemorySource",
      "makeScaleCheck",
      "makeStatisticsCollector",
      "measureChannels",
      "normalize",
      "openByteSource",
      "openDataset",
      "openFileSource",
      "openHttpSource",
      "openPackedShards",
      "openShardWriter",
      "packDataset",
      "packedShardsSpec",
      "pickPlaces",
      "readRanges",
      "resample",
      "resolveAddress",
      "spatialSplit",
      "spatialTiles",
      "stratifiedSplit",
      "threadWork",
      "verifyChecksum",
      "withStatistics",
      "writeDurably",
    ]
  `);
});

test("schemas that differ are told apart by channel and field", () => {
  const stored = [{ name: "red", unit: "DN", mean: 3, std: 1 }, { name: "nir" }];
  expect(() => assertSameSchema(stored, structuredClone(stored))).not.toThrow();
  expect(() =>
    assertSameSchema(stored, [stored[1] as (typeof stored)[0], { name: "nir" }]),
  ).toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: assertSameSchema: expected name red for channel 0 ('red'), got nir. Use the schema that is stored with the checkpoint, and the same bands in the same order.]`,
  );
  expect(() =>
    assertSameSchema(stored, [{ ...stored[0], name: "red", mean: 4 }, { name: "nir" }]),
  ).toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: assertSameSchema: expected mean 3 for channel 0 ('red'), got 4. Use the schema that is stored with the checkpoint, and the same bands in the same order.]`,
  );
  expect(() => assertSameSchema(stored, [{ name: "red" }])).toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: assertSameSchema: expected 2 channels (red, nir), got 1 (red). Select the same bands as in training.]`,
  );
});
