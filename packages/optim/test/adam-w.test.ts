import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { type AdamW, makeAdamW, type OptimizedParameter } from "../src/index.js";
import { makeParameter } from "./make-parameter.js";

type Name = "weight" | "bias";
type Values = Readonly<Record<Name, readonly number[]>>;

interface Recorded {
  readonly betas: [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly learningRates: readonly number[];
  readonly shapes: Readonly<Record<Name, number[]>>;
  readonly start: Values;
  readonly gradients: readonly Partial<Values>[];
  readonly end: Values;
  readonly expAvg: Values;
  readonly expAvgSq: Values;
}

const recorded: Recorded = JSON.parse(readFileSync(new URL("fixtures/adamw.json", import.meta.url), "utf8"));
const names: readonly Name[] = ["weight", "bias"];

interface Run {
  readonly parameters: Readonly<Record<Name, OptimizedParameter>>;
  readonly optimizer: AdamW;
}

function start(values: Values = recorded.start): Run {
  const { betas, epsilon, weightDecay, shapes } = recorded;
  const weight = makeParameter(shapes.weight, values.weight);
  const bias = makeParameter(shapes.bias, values.bias);
  const groups = [
    { parameters: [["weight", weight] as const], weightDecay },
    { parameters: [["bias", bias] as const], weightDecay: 0 },
  ];
  return { parameters: { weight, bias }, optimizer: makeAdamW({ groups, betas, epsilon }) };
}

/** Makes the recorded updates from one step up to another, with gradients `multiple` times as large scaled back. */
function update({ optimizer }: Run, from: number, to: number, multiple = 1): void {
  for (let index = from; index < to; index++) {
    for (const name of names) {
      const values = recorded.gradients[index]?.[name];
      if (!values) continue;
      const gradient = tf.tensor(
        values.map((value) => value * multiple),
        recorded.shapes[name],
      );
      optimizer.apply(name, gradient, recorded.learningRates[index] as number, 1 / multiple);
      gradient.dispose();
    }
    optimizer.step();
  }
}

function expectClose(got: readonly number[], expected: readonly number[]): void {
  expect(got.length).toBe(expected.length);
  for (const [index, value] of got.entries())
    expect(Math.abs(value - (expected[index] as number))).toBeLessThanOrEqual(1e-6); // float32 against float64
}

describeOnBackends("AdamW", () => {
  it.each([1, 8])("makes PyTorch's five updates, with gradients %i times as large scaled back", (multiple) => {
    const run = start();
    update(run, 0, 5, multiple);
    const { tensors, updates } = run.optimizer.stateDict();
    expect(updates).toEqual({ weight: 5, bias: 4 });
    for (const name of names) {
      expectClose(numbers(run.parameters[name].variable), recorded.end[name]);
      expectClose(numbers(tensors.get(`${name}.exp_avg`)), recorded.expAvg[name]);
      expectClose(numbers(tensors.get(`${name}.exp_avg_sq`)), recorded.expAvgSq[name]);
    }
  });

  it("resumes from a saved state bit for bit, and leaves that state alone", () => {
    const straight = start();
    update(straight, 0, 5);

    const first = start();
    update(first, 0, 1); // the bias has no moments yet
    const second = start({
      weight: numbers(first.parameters.weight.variable),
      bias: numbers(first.parameters.bias.variable),
    });
    second.optimizer.loadStateDict(first.optimizer.stateDict());
    update(second, 1, 3);
    const third = start({
      weight: numbers(second.parameters.weight.variable),
      bias: numbers(second.parameters.bias.variable),
    });
    const saved = second.optimizer.stateDict();
    const values = numbers(saved.tensors.get("bias.exp_avg"));
    third.optimizer.loadStateDict(saved);
    update(third, 3, 5);

    for (const name of names)
      expect(numbers(third.parameters[name].variable)).toEqual(numbers(straight.parameters[name].variable));
    expect(numbers(saved.tensors.get("bias.exp_avg"))).toEqual(values);
  });

  it("makes moments at the first update only, and frees them", () => {
    const run = start();
    const { numTensors } = tf.memory();
    update(run, 0, 1);
    expect(tf.memory().numTensors).toBe(numTensors + 2); // of the weight; the bias had no gradient
    update(run, 1, 5);
    expect(tf.memory().numTensors).toBe(numTensors + 4);
    run.optimizer.loadStateDict(run.optimizer.stateDict());
    expect(tf.memory().numTensors).toBe(numTensors + 4);
    run.optimizer.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("scales a group's learning rate", () => {
    const [slow, fast] = [makeParameter([1], [1]), makeParameter([1], [1])] as const;
    const optimizer = makeAdamW({
      groups: [
        { parameters: [["slow", slow]], weightDecay: 0, learningRateScale: 0.5 },
        { parameters: [["fast", fast]], weightDecay: 0 },
      ],
    });
    for (const path of ["slow", "fast"]) optimizer.apply(path, tf.tensor1d([3]), 0.1);
    expect(numbers(slow.variable)[0]).toBeCloseTo(0.95, 5); // the first update is the learning rate, whatever the gradient
    expect(numbers(fast.variable)[0]).toBeCloseTo(0.9, 5);
  });
});
