import * as train from "@graticule/train";
import { expect, it } from "vitest";

it("exports these names", () => {
  expect(Object.keys(train).sort()).toMatchInlineSnapshot(`
    [
      "CheckpointError",
      "RUN_CONFIG_FILE",
      "assignParameter",
      "checkCheckpoint",
      "checkpointsFolder",
      "countGpus",
      "exportWeights",
      "findLatestCheckpoint",
      "listCheckpoints",
      "loadCheckpoint",
      "loadWeights",
      "loadWithin",
      "loaderConfig",
      "loopConfig",
      "loopMayChange",
      "openBackend",
      "openCheckpointWeights",
      "openFileSource",
      "openSafetensors",
      "optimizerConfig",
      "readMetrics",
      "saveCheckpoint",
      "saveWeights",
      "singleDevice",
      "tensorEntry",
      "train",
      "trainRun",
      "verifyCheckpoint",
      "weightsDigest",
      "withRunLock",
      "writeSafetensors",
      "writeWeights",
    ]
  `);
});
