import { expect, it } from "vitest";
import * as parallel from "../src/index.js";

it("exports these names", () => {
  expect(Object.keys(parallel).sort()).toEqual([
    "blockPlan",
    "copyToGroup",
    "crossAttentionPlan",
    "dataParallel",
    "gatherFromGroup",
    "gatherToGroup",
    "makeMesh",
    "outputPlan",
    "reduceFromGroup",
    "reduceScatterFromGroup",
    "scatterToGroup",
    "shard",
    "tensorParallel",
  ]);
});
