import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train } from "@graticule/train";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeTinyRun } from "./fixtures/tiny-run.js";

let runFolder: string;
beforeEach(async () => {
  runFolder = await mkdtemp(join(tmpdir(), "graticule-train-"));
});
afterEach(() => rm(runFolder, { recursive: true, force: true }));

describe("train", () => {
  it("lowers", async () => {
    const options = await makeTinyRun({ runFolder });
    const result = await train(options);
    expect(result).toMatchObject({ step: 20, stopped: false });
  });
});
