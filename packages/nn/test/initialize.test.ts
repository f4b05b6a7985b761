import { makeRandom } from "@graticule/core";
import { beforeAll, expect, test } from "vitest";
import {
  constantValues,
  type Initializer,
  initialize,
  LayerNorm,
  Linear,
  Module,
  normal,
  ones,
  truncNormal,
  xavierUniform,
  zeros,
} from "../src/index.js";
import { useCpuBackend } from "./cpu-backend.js";

beforeAll(useCpuBackend);

const draw = (initializer: Initializer, shape: number[]) => initializer(shape, makeRandom(1, "init", "weight"));
const moments = (values: Float32Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) };
};

test("Xavier uniform fills ±sqrt(6 / (fanIn + fanOut)), a convolution counted as a linear layer", () => {
  const values = draw(xavierUniform, [100, 2, 10, 10]);
  const bound = Math.sqrt(6 / (100 + 200));
  expect(Math.max(...values)).toBeLessThanOrEqual(bound);
  expect(Math.max(...values)).toBeGreaterThan(0.999 * bound);
  expect(Math.min(...values)).toBeLessThan(-0.999 * bound);
  // 20,000 values: four standard errors of mean and of the uniform's standard deviation.
  expect(Math.abs(moments(values).mean)).toBeLessThan((4 * bound) / Math.sqrt(3 * 20000));
  expect(moments(values).std).toBeCloseTo(bound / Math.sqrt(3), 2);
});

test("normal and truncated normal have the stated spread, the latter cut at two std", () => {
  const plain = draw(normal(0.02), [200, 100]);
  const cut = draw(truncNormal(0.02), [200, 100]);
  expect(moments(plain).std / 0.02).toBeCloseTo(1, 1);
  expect(Math.max(...plain.map(Math.abs))).toBeGreaterThan(0.06);
  // The standard deviation of a normal cut at ±2 is 0.8796 (worked from its variance 1 − 4φ(2)/(Φ(2) − Φ(−2))).
  expect(moments(cut).std / 0.02).toBeCloseTo(0.8796, 2);
  expect(Math.max(...cut.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.04));
});

class Pair extends Module {
  readonly first: Linear;
  readonly norm: LayerNorm;
  readonly second: Linear;

  constructor(swapped: boolean) {
    super();
    const make = () => new Linear(3, 2);
    if (swapped) this.second = make();
    this.first = make();
    this.norm = new LayerNorm(2);
    this.second ??= make();
  }
}

const rules = [
  ["**.bias", zeros],
  ["norm.weight", ones],
  ["**.weight", normal(1)],
] as const;

test("values depend on seed and path, not on the order of modules; the first rule counts", () => {
  const read = (module: Module) =>
    Object.fromEntries([...module.stateDict()].map(([path, variable]) => [path, [...variable.dataSync()]]));
  const a = read(initialize(new Pair(false), rules, 7));
  expect(read(initialize(new Pair(true), rules, 7))).toEqual(a);
  expect(read(initialize(new Pair(false), rules, 8))["first.weight"]).not.toEqual(a["first.weight"]);
  expect(a["second.weight"]).not.toEqual(a["first.weight"]);
  expect(a["norm.weight"]).toEqual([1, 1]);
  expect(a["first.bias"]).toEqual([0, 0]);
  const random = makeRandom(7, "init", "first.weight");
  expect(a["first.weight"]).toEqual(Array.from({ length: 6 }, () => Math.fround(random.normal())));
});

test("constant values are copied at each use", () => {
  const values = Float32Array.of(1, 2);
  const initializer = constantValues(values);
  draw(initializer, [2])[0] = 9;
  expect([...values]).toEqual([1, 2]);
});

test("a parameter without a rule and a rule without a parameter are errors", () => {
  expect(() => initialize(new Pair(false), rules.slice(0, 2), 1)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: initialize: expected a rule for every parameter, got none for 'first.weight'. Add a pattern that matches it.]`,
  );
  expect(() => initialize(new Pair(false), [["**", zeros], ...rules], 1)).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: initialize: expected each rule to decide a parameter, got '**.bias' that decides none. Remove it or move it up.]`,
  );
});
