import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bytesSource, openSafetensorsState, sinCosPositionEmbedding2d } from "../src/index.js";

test("the embedding equals the reference implementation's on grids that are not square", async () => {
  const path = new URL("fixtures/sin-cos.safetensors", import.meta.url);
  const reference = await openSafetensorsState(bytesSource("sin-cos", readFileSync(path)));
  for (const [name, embedDim, grid] of [
    ["2x3", 8, [2, 3]],
    ["5x4", 12, [5, 4]],
  ] as const) {
    const expected = await reference.read(name);
    const values = sinCosPositionEmbedding2d({ embedDim, grid, clsToken: true });
    expect(values.length).toBe(expected.length);
    // Both are computed in float64 and rounded once.
    for (const [index, value] of values.entries()) expect(Math.abs(value - expected[index]!)).toBeLessThan(1e-7);
    expect([...sinCosPositionEmbedding2d({ embedDim, grid, clsToken: false })]).toEqual([...values.slice(embedDim)]);
  }
});

test("the first half of the features tells the column: one step right changes it, one step down does not", () => {
  const values = sinCosPositionEmbedding2d({ embedDim: 4, grid: [2, 2], clsToken: false });
  const [sin1, cos1] = [Math.fround(Math.sin(1)), Math.fround(Math.cos(1))];
  expect([...values]).toEqual([0, 1, 0, 1, sin1, cos1, 0, 1, 0, 1, sin1, cos1, sin1, cos1, sin1, cos1]);
});

test("a width that 4 does not divide is an error", () => {
  expect(() =>
    sinCosPositionEmbedding2d({ embedDim: 6, grid: [1, 1], clsToken: false }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: sinCosPositionEmbedding2d: expected embedDim to be a multiple of 4, got 6.]`,
  );
});
