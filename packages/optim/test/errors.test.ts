import { MismatchError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { describeOnBackends } from "../../../tooling/test/describe-on-backends.js";
import { numbers } from "../../../tooling/test/tensor-numbers.js";
import { clipCoefficient, makeAdamW, warmupCosine } from "../src/index.js";
import { makeParameter } from "./make-parameter.js";

function messageOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "no error";
}

describeOnBackends("AdamW", () => {
  it("names what is wrong with a call", () => {
    const weight = makeParameter([2], [1, 2]);
    const group = { parameters: [["weight", weight]] as const, weightDecay: 0 };
    const optimizer = makeAdamW({ groups: [group] });
    const gradient = tf.tensor1d([1, 1]);
    optimizer.apply("weight", gradient, 0.1);
    const attempts: (() => unknown)[] = [
      () => makeAdamW({ groups: [group, group] }),
      () => makeAdamW({ groups: [group], betas: [0.9, 1] }),
      () => optimizer.apply("wieght", gradient, 0.1),
      () => optimizer.apply("weight", gradient, 0.1),
    ];
    expect(attempts.map(messageOf).join("\n")).toMatchInlineSnapshot(`
      "RangeError: makeAdamW: expected each parameter in one group, got weight in two.
      RangeError: makeAdamW: expected betas in [0, 1) and epsilon > 0, got betas [0.9, 1], epsilon 1e-8.
      MismatchError: adamW.apply: expected the path of one of 1 trainable parameters, got wieght. Put the parameter in a group.
      RangeError: adamW.apply: expected one update of weight in a step, got a second one. Call step() between steps."
    `);
  });

  it("names what is wrong with a state, and keeps its own", () => {
    const optimizer = makeAdamW({ groups: [{ parameters: [["weight", makeParameter([2], [1, 2])]], weightDecay: 0 }] });
    optimizer.apply("weight", tf.tensor1d([1, 1]), 0.1);
    const before = numbers(optimizer.stateDict().tensors.get("weight.exp_avg"));
    const moment = tf.zeros([2]);
    const both = new Map([
      ["weight.exp_avg", moment],
      ["weight.exp_avg_sq", moment],
    ]);
    const attempts: (() => unknown)[] = [
      () => optimizer.loadStateDict({ tensors: both, updates: { other: 1 } }),
      () => optimizer.loadStateDict({ tensors: both, updates: { weight: 0 } }),
      () => optimizer.loadStateDict({ tensors: new Map([["weight.exp_avg", moment]]), updates: { weight: 1 } }),
      () =>
        optimizer.loadStateDict({
          tensors: new Map([...both, ["weight.exp_avg", tf.zeros([3])]]),
          updates: { weight: 1 },
        }),
      () => optimizer.loadStateDict({ tensors: both, updates: {} }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(MismatchError);
    expect(attempts.map(messageOf).join("\n")).toMatchInlineSnapshot(`
      "MismatchError: adamW.loadStateDict: expected the optimizer's parameters, got other. Use the same groups as when saving.
      MismatchError: adamW.loadStateDict: expected a positive number of updates of weight, got 0.
      MismatchError: adamW.loadStateDict: expected weight.exp_avg_sq of shape [2], got none.
      MismatchError: adamW.loadStateDict: expected weight.exp_avg of shape [2], got [3].
      MismatchError: adamW.loadStateDict: expected moments of parameters with updates, got weight.exp_avg."
    `);
    expect(numbers(optimizer.stateDict().tensors.get("weight.exp_avg"))).toEqual(before);
  });
});

it("schedules and clipping name the values they got", () => {
  const attempts: (() => unknown)[] = [
    () => warmupCosine({ baseLr: 1, warmupSteps: 10, totalSteps: 10, minLr: 0 }),
    () => warmupCosine({ baseLr: 1, warmupSteps: 1, totalSteps: 10, minLr: 2 }),
    () => clipCoefficient(1, 0),
  ];
  for (const attempt of attempts) expect(attempt).toThrow(RangeError);
  expect(attempts.map(messageOf).join("\n")).toMatchInlineSnapshot(`
    "RangeError: warmupCosine: expected whole numbers with 0 ≤ warmupSteps < totalSteps, got warmupSteps 10, totalSteps 10. Train longer or warm up less.
    RangeError: warmupCosine: expected 0 ≤ minLr ≤ baseLr, got minLr 2, baseLr 1.
    RangeError: clipCoefficient: expected a positive maxNorm, got 0."
  `);
});
