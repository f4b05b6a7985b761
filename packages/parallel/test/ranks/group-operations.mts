// Operations that gradients pass between ranks, with uneven parts, by two backends. Argument: 2 or 3 ranks.
import assert from "node:assert/strict";
import "@tensorflow/tfjs-backend-cpu";
import { backward, recompute } from "@graticule/autodiff";
import type { Communicator } from "@graticule/mpi";
import * as tf from "@tensorflow/tfjs-core";
import {
  type AlongDim,
  copyToGroup,
  gatherFromGroup,
  gatherToGroup,
  reduceFromGroup,
  reduceScatterFromGroup,
  scatterToGroup,
} from "../../src/index.js";
import { runRankCases } from "../fixtures/rank-cases.js";

type GroupOperation = (x: tf.Tensor, group: Communicator) => tf.Tensor;

interface Case {
  readonly run: GroupOperation;
  /** Lengths of the ranks' inputs along dim 1; one number where all have the same input. */
  readonly input: number | readonly number[];
  /** Whether all ranks get the same output, so that the job's loss is any rank's; it is the sum of theirs otherwise. */
  readonly isOutputAlike: boolean;
  readonly expected: (all: readonly tf.Tensor[], rank: number) => tf.Tensor;
}

const uneven = [3, 1, 2].slice(0, Number(process.argv[2]));
const total = uneven.reduce((sum, length) => sum + length, 0);
const along: AlongDim = { dim: 1, counts: uneven };
const joined = (all: readonly tf.Tensor[]): tf.Tensor => tf.concat([...all], 1);
const part = (x: tf.Tensor, rank: number): tf.Tensor => tf.split(x, uneven, 1)[rank] as tf.Tensor;

const cases: Readonly<Record<string, Case>> = {
  copyToGroup: { run: copyToGroup, input: 4, isOutputAlike: false, expected: (all, rank) => all[rank] as tf.Tensor },
  reduceFromGroup: {
    run: reduceFromGroup,
    input: uneven.map(() => 4),
    isOutputAlike: true,
    expected: (all) => tf.addN([...all]),
  },
  gatherFromGroup: {
    run: (x, group) => gatherFromGroup(x, group, along),
    input: uneven,
    isOutputAlike: true,
    expected: joined,
  },
  scatterToGroup: {
    run: (x, group) => scatterToGroup(x, group, along),
    input: total,
    isOutputAlike: false,
    expected: (all, rank) => part(all[0] as tf.Tensor, rank),
  },
  gatherToGroup: {
    run: (x, group) => gatherToGroup(x, group, along),
    input: uneven,
    isOutputAlike: false,
    expected: joined,
  },
  reduceScatterFromGroup: {
    run: (x, group) => reduceScatterFromGroup(x, group, along),
    input: uneven.map(() => total),
    isOutputAlike: false,
    expected: (all, rank) => part(tf.addN([...all]), rank),
  },
};

/** Values that all ranks know of all ranks, so that each can compute what the others have. */
function valuesOf(shape: number[], seed: number): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, index) => Math.sin(7 * seed + 3 * index + 1)),
    shape,
  );
}

function check(world: Communicator, { run, input, isOutputAlike, expected }: Case, wrap = (f: GroupOperation) => f) {
  const lengths = typeof input === "number" ? world.size : input.length;
  const all = Array.from({ length: lengths }, (_, rank) =>
    typeof input === "number" ? valuesOf([2, input, 3], 1) : valuesOf([2, input[rank] as number, 3], rank + 1),
  );
  const x = tf.variable(all[world.rank] as tf.Tensor);
  const operation = wrap(run);
  // A rank that stopped at its fault would leave the others waiting.
  const faults: string[] = [];
  const apart = tf.max(tf.abs(tf.sub(run(x, world), expected(all, world.rank)))).dataSync()[0] as number;
  if (!(apart < 1e-6)) faults.push(`the value is ${apart} off`);

  const weights = valuesOf(expected(all, world.rank).shape, isOutputAlike ? 11 : 12 + world.rank);
  const lossOf = (): tf.Scalar => tf.sum(tf.mul(weights, tf.square(operation(x, world))));
  let gradient: Float32Array = new Float32Array();
  backward(lossOf, [x], (_, found) => {
    gradient = Float32Array.from(found.dataSync());
  });

  const jobLoss = (): number => {
    const loss = Float64Array.of(lossOf().dataSync()[0] as number);
    if (!isOutputAlike) world.allReduce(loss);
    return loss[0] as number;
  };
  // The loss is a quadratic, whose central difference is exact but for rounding, so the step may be large.
  const step = 0.25;
  const holders = typeof input === "number" ? [-1] : input.map((_, rank) => rank);
  for (const holder of holders) {
    const size = (all[Math.max(holder, 0)] as tf.Tensor).size;
    const isMine = holder === -1 || holder === world.rank;
    for (let index = 0; index < size; index++) {
      const at = (change: number): number => {
        const values = Float32Array.from((all[world.rank] as tf.Tensor).dataSync());
        if (isMine) (values[index] as number) += change;
        x.assign(tf.tensor(values, x.shape));
        return jobLoss();
      };
      const slope = (at(step) - at(-step)) / (2 * step);
      const off = Math.abs(slope - (gradient[index] as number));
      if (isMine && !(off < 2e-5)) faults.push(`gradient ${index} is ${gradient[index]}, not ${slope}`);
    }
  }
  assert.deepEqual(faults, []);
}

const onBackend = (backend: string, run: (world: Communicator) => void) => async (world: Communicator) => {
  await tf.setBackend(backend);
  tf.tidy(() => run(world));
};

await runRankCases(
  Object.fromEntries(
    Object.entries(cases).flatMap(([name, each]) => [
      [`${name} on torch`, onBackend("torch", (world) => check(world, each))],
      [`${name} on cpu`, onBackend("cpu", (world) => check(world, each))],
      [
        `${name} inside recompute`,
        onBackend("torch", (world) => check(world, each, (f) => (x, group) => recompute((x) => f(x, group))(x))),
      ],
    ]),
  ),
);
