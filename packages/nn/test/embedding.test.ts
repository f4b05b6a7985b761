import { valueAndGrad } from "@graticule/autodiff";
import { mul, type Scalar, sum, tensor } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { Embedding, RmsNorm } from "../src/index.js";
import { useCpuBackend } from "./cpu-backend.js";

beforeAll(useCpuBackend);

test("an embedding gives each number its row, and a row that comes twice the sum of both gradients", () => {
  const embedding = new Embedding(3, 2);
  embedding.weight.assign(Float32Array.of(1, 2, 3, 4, 5, 6));
  const rows = [Int32Array.of(2, 0), [2, 2]];
  const y = embedding.forward(rows);
  expect(y.shape).toEqual([2, 2, 2]);
  expect([...y.dataSync()]).toEqual([5, 6, 1, 2, 5, 6, 5, 6]);
  const dy = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  const { gradients } = valueAndGrad(
    () => sum(mul(embedding.forward(rows), dy)) as Scalar,
    [embedding.weight.variable],
  );
  expect([...gradients[0]!.dataSync()]).toEqual([3, 4, 0, 0, 13, 16]);
});

test("an embedding refuses numbers that it has no row for, and rows of several lengths", () => {
  const embedding = new Embedding(3, 2);
  expect(() => embedding.forward([[3]])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: Embedding: expected whole numbers from 0 to below 3, got 3.]`,
  );
  expect(() => embedding.forward([[1, 2], [1]])).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: Embedding: expected rows of 2 numbers, got 1. Pad the shorter ones.]`,
  );
});

test("a root mean square norm divides by it and scales", () => {
  const norm = new RmsNorm(2, 0);
  norm.weight.assign(Float32Array.of(2, 10));
  const y = norm.forward(tensor([3, 4], [1, 2])).dataSync();
  const root = Math.sqrt((9 + 16) / 2);
  expect(y[0]).toBeCloseTo((2 * 3) / root, 6);
  expect(y[1]).toBeCloseTo((10 * 4) / root, 5);
});
