import * as train from "@graticule/train";
import { expect, it } from "vitest";

it("exports these names", () => {
  expect(Object.keys(train).sort()).toMatchInlineSnapshot(`
    [
      "CheckpointError",
      "MODEL_FILE",
      "RUN_CONFIG_FILE",
      "checkpointsFolder",
      "findLatestCheckpoint",
      "listCheckpoints",
      "loadCheckpoint",
      "loaderConfig",
      "loopConfig",
      "loopMayChange",
      "openBackend",
      "openFileSource",
      "openSafetensors",
      "optimizerConfig",
      "readMetrics",
      "saveCheckpoint",
      "singleDevice",
      "tensorEntry",
      "train",
      "trainRun",
      "verifyCheckpoint",
      "writeSafetensors",
    ]
  `);
});
