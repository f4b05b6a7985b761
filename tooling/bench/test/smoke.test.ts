import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openBackend } from "@graticule/train";
import { describe, expect, test } from "vitest";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));
const hasTorch = await openBackend({ name: "torch", device: "cpu", precision: "fp32", threads: 1 }).then(
  () => true,
  () => false,
);
const tiny = ["--model", "tiny", "--batch", "1", "--threads", "1"];

describe.skipIf(!hasTorch)(`benchmarks${hasTorch ? "" : " (skipped: no LibTorch)"}`, () => {
  test.each([
    ["gemm", ...tiny],
    ["attention", ...tiny, "--tokens", "64"],
    ["layernorm", ...tiny],
    ["adamw", ...tiny],
    ["op-overhead"],
    ["step", ...tiny, "--steps", "1"],
    ["lora", ...tiny, "--steps", "1"],
    ["channels", ...tiny, "--steps", "1", "--channels", "16", "--groups", "2", "--trees", "tree0-linear"],
  ])("%s prints one line of JSON", async (name, ...options) => {
    const node = ["--conditions=@graticule/source", "--import", "tsx", main];
    const { stdout } = await promisify(execFile)(process.execPath, [...node, name, "--pairs", "1", ...options]);
    expect(JSON.parse(stdout)).toMatchObject({ bench: name, pairs: 1 });
  });
});
