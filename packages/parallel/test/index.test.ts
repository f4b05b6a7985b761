import { expect, it } from "vitest";
import * as parallel from "../src/index.js";

it("exports these names", () => {
  expect(Object.keys(parallel).sort()).toEqual([
    "blockPlan",
    "copyToGroup",
    "crossAttentionPlan",
    "dataParallel",
    "distributeChannels",
    "fullyShard",
    "gatherFromGroup",
    "gatherToGroup",
    "gradientNormOfGroup",
    "makeMesh",
    "openTensorCollectives",
    "outputPlan",
    "reduceFromGroup",
    "reduceScatterFromGroup",
    "scatterToGroup",
    "shard",
    "shardingSizes",
    "tensorParallel",
  ]);
});
