import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { backward, recompute, registerGradients, valueAndGrad } from "../src/index.js";

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend("cpu");
  registerGradients();
});

it("smoke", () => {
  const w = tf.variable(
    tf.tensor2d([
      [1, 2],
      [3, 4],
    ]),
  );
  const b = tf.variable(tf.tensor1d([1, 2]));
  const before = tf.memory();
  const f = () =>
    tf.mean(
      tf.square(tf.add(tf.matMul(tf.relu(tf.matMul(w as tf.Tensor2D, w as tf.Tensor2D)), w as tf.Tensor2D), b)),
    ) as tf.Scalar;
  const r = valueAndGrad(f, [w, b]);
  const e = tf.variableGrads(f, [w, b]);
  expect([...r.gradients[0]!.dataSync()]).toEqual([...e.grads[w.name]!.dataSync()]);
  expect([...r.gradients[1]!.dataSync()]).toEqual([...e.grads[b.name]!.dataSync()]);
  tf.dispose([r.value, ...(r.gradients as tf.Tensor[]), e.value, e.grads as never]);
  const g = recompute((x: tf.Tensor) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D));
  backward(
    () => tf.sum(g(g(tf.mul(w, 2)))),
    [w],
    (v, gr) => {
      expect([...gr.dataSync()]).toHaveLength(4);
      gr.dispose();
    },
  ).dispose();
  const after = tf.memory();
  expect(after.numTensors).toBe(before.numTensors);
});
