import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { deferInitialization, initialize, Linear, Parameter, truncNormal, zeros } from "../src/index.js";
import { useCpuBackend } from "./cpu-backend.js";

beforeAll(useCpuBackend);

const values = (parameter: Parameter) => [...parameter.variable.dataSync()];
const count = (length: number) => Float32Array.from({ length }, (_, index) => index);

test("a slice keeps its runs of a dim, whichever comes first, the values or the slice", () => {
  const slice = {
    dim: 1,
    ranges: [
      [0, 1],
      [3, 5],
    ],
  } as const;
  const before = new Parameter([2, 6]);
  before.assign(count(12));
  before.keepSlice(slice);
  const after = new Parameter([2, 6]);
  after.keepSlice(slice);
  after.assign(count(12));
  for (const parameter of [before, after]) {
    expect([parameter.shape, parameter.globalShape, parameter.size]).toEqual([[2, 3], [2, 6], 6]);
    expect(values(parameter)).toEqual([0, 3, 4, 6, 9, 10]);
  }
  after.assignSlice(count(6));
  expect(values(after)).toEqual([0, 1, 2, 3, 4, 5]);
});

test("refuses slices that are not in the tensor, second ones, and values of another count", () => {
  const parameter = new Parameter([2, 6]);
  const cases = [
    [1, [[0, 7]]],
    [2, [[0, 1]]],
    [1, []],
    [
      1,
      [
        [2, 3],
        [1, 2],
      ],
    ],
  ] as [number, [number, number][]][];
  for (const [dim, ranges] of cases) expect(() => parameter.keepSlice({ dim, ranges })).toThrow(RangeError);
  expect(() => parameter.keepSlice({ dim: 1, ranges: [[0, 7]] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: Parameter.keepSlice: expected rising runs inside a dim of [2,6], got dim 1 and 0 to 7.]`,
  );
  parameter.keepSlice({ dim: 0, ranges: [[1, 2]] });
  expect(() => parameter.keepSlice({ dim: 0, ranges: [[0, 1]] })).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: Parameter.keepSlice: expected a whole [2,6], got a slice of dim 0. Slice it once.]`,
  );
  expect(() => parameter.assign(count(6))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Parameter.assign: expected 12 values for [2,6], got 6.]`,
  );
  expect(() => parameter.assignSlice(count(12))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: Parameter.assignSlice: expected 6 values for [1,6], got 12.]`,
  );
});

test("deferred values take no storage before they are used, and a slice's are those of the whole", () => {
  const rules = [
    ["bias", zeros],
    ["weight", truncNormal(1)],
  ] as const;
  const whole = initialize(new Linear(3, 4), rules, 7);
  const tensors = memory().numTensors;
  const part = deferInitialization(() => initialize(new Linear(3, 4), rules, 7));
  part.weight.keepSlice({ dim: 0, ranges: [[2, 4]] });
  expect(memory().numTensors).toBe(tensors);
  expect(values(part.weight)).toEqual(values(whole.weight).slice(6));
  expect(memory().numTensors).toBe(tensors + 1);
});
