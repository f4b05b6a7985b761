import { valueAndGrad } from "@graticule/autodiff";
import { makeRandom } from "@graticule/core";
import { add, memory, type Scalar, square, sum, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { applyRecompute, initialize, Linear, Module, normal, Parameter, TransformerBlock } from "../src/index.js";
import { useCpuBackend } from "./cpu-backend.js";

beforeAll(useCpuBackend);

class Tower extends Module {
  readonly shift = new Parameter([8]);
  readonly blocks = [0, 1, 2].map(() => new TransformerBlock({ embedDim: 8, numHeads: 2, mlpDim: 16 }));
  readonly head = new Linear(8, 3);

  forward(x: Tensor): Tensor {
    let y: Tensor = add(x, this.shift.variable);
    for (const block of this.blocks) y = block.forward(y);
    return this.head.forward(y);
  }
}

const makeTower = () => initialize(new Tower(), [["**", normal(0.4)]], 1);
const x = () => tensor(normal(1)([2, 3, 8], makeRandom(1, "x")), [2, 3, 8]);

test("values and gradients are those of the plain model, with fewer tensors alive at the loss", () => {
  const run = (tower: Tower) => {
    const variables = tower.namedParameters().map(([, parameter]) => parameter.variable);
    const input = x();
    let alive = 0;
    const { value, gradients } = valueAndGrad(() => {
      const loss = sum<Scalar>(square(tower.forward(input)));
      alive = memory().numTensors;
      return loss;
    }, variables);
    return { alive, value: value.dataSync()[0], gradients: gradients.map((gradient) => [...gradient!.dataSync()]) };
  };
  const plain = run(makeTower());
  const idle = memory().numTensors;
  const recomputed = run(applyRecompute(makeTower(), "blocks.*"));
  expect(recomputed.value).toBe(plain.value);
  expect(recomputed.gradients).toEqual(plain.gradients);
  expect(recomputed.alive - idle).toBeLessThan(plain.alive);
});

test("the paths and the state dict stay as they are", () => {
  const tower = makeTower();
  const paths = tower.namedParameters().map(([path]) => path);
  expect(applyRecompute(tower, "blocks.{0,2}")).toBe(tower);
  expect(tower.namedParameters().map(([path]) => path)).toEqual(paths);
});

test("a pattern without a module, and a module wrapped twice, are errors", () => {
  const tower = applyRecompute(makeTower(), "blocks.0");
  expect(() => applyRecompute(tower, "decoder_blocks.*")).toThrowErrorMatchingInlineSnapshot(
    `[RangeError: selectPaths: expected 'decoder_blocks.*' to match at least one of 28 paths, got none. Paths look like 'blocks.0'.]`,
  );
  expect(() => applyRecompute(tower, "blocks.*")).toThrowErrorMatchingInlineSnapshot(
    `[TypeError: applyRecompute: expected a module with a plain forward, got 'blocks.0'. Select each block once, e.g. 'blocks.*'.]`,
  );
});
