import * as train from "@graticule/train";
import { expect, it } from "vitest";

it("exports these names", () => {
  expect(Object.keys(train).sort()).toMatchInlineSnapshot(`
    [
      "CheckpointError",
      "MODEL_FILE",
      "checkpointsFolder",
      "findLatestCheckpoint",
      "listCheckpoints",
      "loadCheckpoint",
      "openBackend",
      "openFileSource",
      "openSafetensors",
      "saveCheckpoint",
      "singleDevice",
      "tensorEntry",
      "train",
      "verifyCheckpoint",
      "writeSafetensors",
    ]
  `);
});
