import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { agreeWithCpu, image, ints, mask, positive, t } from "./agree-with-cpu.js";
import { describeTorch } from "./on-torch.js";

const cases: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  "binary ops broadcast": () => [
    tf.add(t([3, 1, 5]), t([4, 1], 2)),
    tf.sub(t([2, 3]), 0.5),
    tf.mul(t([1]), t([2, 3], 2)),
  ],
  "division, floorDiv and mod": () => {
    const [a, b] = [ints([4, 5], 9), tf.add(ints([5], 4, 2), 1)];
    return [tf.div(t([3]), positive([3])), tf.floorDiv(a, b), tf.floorDiv(tf.neg(a), b), tf.mod(tf.neg(a), b)];
  },
  "integer division by zero": () => tf.floorDiv(tf.tensor1d([1, -1], "int32"), tf.tensor1d([0, 0], "int32")),
  "pow, maximum, atan2": () => [tf.pow(positive([5]), t([5], 2)), tf.maximum(t([5]), 0), tf.atan2(t([5]), t([5], 2))],
  "comparisons give bool": () => [
    tf.less(t([4]), t([4], 2)),
    tf.equal(ints([9], 3), 1),
    tf.logicalXor(mask([4]), mask([4], 2)),
  ],
  "unary ops": () =>
    [tf.erf, tf.tanh, tf.sigmoid, tf.elu, tf.selu, tf.softplus, tf.round, tf.sign, tf.relu6, tf.expm1].map((f) =>
      f(t([3, 5])),
    ),
  "unary ops of positive numbers": () => [tf.rsqrt, tf.log, tf.log1p, tf.reciprocal].map((f) => f(positive([7]))),
  "clip, leaky relu, prelu, step": () => [
    tf.clipByValue(t([9]), -0.5, 1),
    tf.leakyRelu(t([9]), 0.3),
    tf.prelu(t([2, 3]), positive([3])),
    tf.step(t([9]), 0.5),
  ],
  casts: () => [tf.cast(t([9]), "int32"), tf.cast(ints([9], 3), "bool"), tf.cast(mask([9]), "float32")],
  "reductions over axes": () => [
    tf.sum(t([2, 3, 4]), [0, 2]),
    tf.mean(t([2, 3, 4]), -1, true),
    tf.prod(t([3, 4]), [0, 1]),
    tf.max(t([2, 3, 4]), 1),
    tf.min(t([2, 3, 4])),
    tf.sum(mask([7])),
    tf.sum(ints([3, 4], 9), 0),
  ],
  "reduction over no axis": () => [tf.sum(t([2, 3]), []), tf.max(t([2, 3]), [])],
  "any, all, argMax, argMin": () => [
    tf.any(mask([3, 4]), 1),
    tf.all(mask([3, 4]), [0, 1]),
    tf.argMax(t([3, 4]), 0),
    tf.argMin(t([3, 4]), -1),
  ],
  cumsum: () => [tf.cumsum(t([3, 4]), 1, true, true), tf.cumsum(t([3, 4]), 0), tf.cumprod(t([4]), 0, true)],
  "softmax, logSoftmax, topk": () => {
    const { values, indices } = tf.topk(tf.tensor1d([1, 3, 3, 2, 3]), 3);
    return [tf.softmax(t([3, 5])), tf.logSoftmax(t([3, 5])), values, indices];
  },
  "transpose, reverse, tile": () => [
    tf.transpose(t([2, 3, 4]), [2, 0, 1]),
    tf.reverse(t([2, 3, 4]), [0, 2]),
    tf.tile(t([2, 3]), [2, 2]),
  ],
  "concat, stack, unstack, split": () => [
    tf.concat([t([2, 3]), t([2, 1], 2)], 1),
    tf.stack([t([2, 3]), t([2, 3], 2)], 2),
    ...tf.unstack(t([2, 3]), 1),
    ...tf.split(t([2, 6]) as tf.Tensor2D, [1, 2, 3], 1),
  ],
  slices: () => [
    tf.slice(t([3, 4, 5]), [1, 0, 2], [2, -1, 2]),
    tf.stridedSlice(t([5, 6]), [4, 0], [0, 6], [-2, 3]),
    tf.stridedSlice(t([5, 6]), [1, 2], [0, 4], [1, 1], 0, 1, 0, 0, 2),
  ],
  pads: () => [
    tf.pad(t([2, 3]), [[1, 0], [0, 2]], 7), // biome-ignore format: one padding a dim
    tf.mirrorPad(t([3, 4]), [[1, 2], [2, 0]], "reflect"), // biome-ignore format: one padding a dim
    tf.mirrorPad(t([3, 4]), [[1, 2], [2, 0]], "symmetric"), // biome-ignore format: one padding a dim
  ],
  gather: () => [
    tf.gather(t([5, 3]), ints([2, 4], 5), 0),
    tf.gather(t([2, 5, 3]), ints([2, 4], 5), 1, 1),
    tf.gather(t([2, 4, 5]), ints([2, 3], 5), 2, 1),
    tf.gatherND(t([3, 4, 2]), ints([5, 2], 3)),
  ],
  "scatter and segment sums": () => [
    tf.scatterND(tf.tensor2d([[1], [3], [1]], [3, 1], "int32"), t([3, 2]), [5, 2]),
    tf.unsortedSegmentSum(t([4, 3]), tf.tensor1d([2, 0, 2, 1], "int32"), 4),
    tf.oneHot(tf.tensor1d([0, 2, 5, -1], "int32"), 4, 3, -1),
    tf.bincount(ints([20], 6) as tf.Tensor1D, tf.tensor1d([]), 5),
  ],
  "where, fill, ranges": () => [
    tf.where(mask([3, 1]), t([3, 2]), t([3, 2], 2)),
    tf.fill([2, 3], 4, "int32"),
    tf.range(5, 0, -2),
    tf.linspace(0, 1, 7),
  ],
  "matrix products": () => [
    tf.matMul(t([3, 4]), t([3, 5], 2), true),
    tf.matMul(t([1, 3, 4]), t([5, 6, 4], 2), false, true),
    tf.einsum("bij,bjk->bik", t([2, 3, 4]), t([2, 4, 5], 2)),
    tf.einsum("ij,kj->ki", t([3, 4]), t([5, 4], 2)),
  ],
  "fused matMul": () => tf.fused.matMul({ a: t([3, 4]), b: t([4, 5], 2), bias: t([5], 3), activation: "elu" } as never),
  conv2d: () => [
    tf.conv2d(image(), t([3, 2, 3, 4], 2) as tf.Tensor4D, [2, 1], "same"),
    tf.conv2d(image(), t([3, 3, 3, 2], 2) as tf.Tensor4D, 1, "valid", "NHWC", 2),
    tf.depthwiseConv2d(image(), t([3, 3, 3, 2], 2) as tf.Tensor4D, 1, "same"),
  ],
  "conv2d gradients": () => {
    const [x, filter] = [image(), t([3, 2, 3, 4], 2) as tf.Tensor4D];
    return tf.grads((a: tf.Tensor, f: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, f as tf.Tensor4D, 2, "same"))([
      x,
      filter,
    ]);
  },
  "depthwise conv gradients": () => {
    const [x, filter] = [image(), t([3, 2, 3, 2], 2) as tf.Tensor4D];
    const f = (a: tf.Tensor, b: tf.Tensor) => tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "same");
    return tf.grads(f)([x, filter]);
  },
  "pooling and its gradient": () => [
    tf.maxPool(image(), [2, 3], 2, "same"),
    tf.avgPool(image(), 3, 2, "valid"),
    tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"))(image()),
    tf.grad((x) => tf.avgPool(x as tf.Tensor4D, 2, 1, "valid"))(image()),
  ],
  "resizing under each convention": () =>
    [
      [false, false],
      [true, false],
      [false, true],
    ].flatMap(([corners, half]) => [
      tf.image.resizeBilinear(image(), [4, 9], corners, half),
      tf.image.resizeNearestNeighbor(image(), [4, 9], corners, half),
    ]),
  "resize gradients": () => [
    tf.grad((x) => tf.image.resizeBilinear(x as tf.Tensor4D, [4, 9]))(t([2, 5, 5, 3])),
    tf.grad((x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [14, 10]))(t([2, 7, 5, 3])),
  ],
  "batch norm": () => tf.batchNorm(image(), t([3]), positive([3]), t([3], 2), t([3], 3), 1e-3),
  "gradients through a small network": () => {
    const loss = (x: tf.Tensor, w: tf.Tensor) => tf.mean(tf.square(tf.sub(tf.softmax(tf.matMul(x, w)), 0.2)));
    return tf.grads(loss)([t([4, 3]), t([3, 5], 2)]);
  },
  "complex numbers": () => {
    const z = tf.complex(t([4]), t([4], 2));
    return [tf.real(tf.mul(z, z)), tf.imag(z), tf.abs(z)];
  },
  "empty tensors": () => [
    tf.sum(tf.zeros([0, 3]), 0),
    tf.concat([tf.zeros([0, 2]), t([1, 2])]),
    tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])),
  ],
};

describeTorch("kernels", () => {
  agreeWithCpu(cases);

  it("move string tensors without LibTorch", async () => {
    await tf.setBackend("torch");
    const words = tf.tensor2d(["a", "b", "c", "d"], [2, 2]);
    expect(tf.concat([words, words], 1).arraySync()).toEqual([
      ["a", "b", "a", "b"],
      ["c", "d", "c", "d"],
    ]);
  });

  it("compare string tensors", async () => {
    await tf.setBackend("torch");
    const words = tf.tensor1d(["b", "a", "ä"]);
    expect(Array.from(tf.equal(words, ["b", "c", "ä"]).dataSync())).toEqual([1, 0, 1]);
    expect(Array.from(tf.greater(words, ["a"]).dataSync())).toEqual([1, 0, 1]);
  });

  it("take a tensor that was made on another backend", async () => {
    await tf.setBackend("cpu");
    const made = tf.tensor1d([1, 2, 3]);
    await tf.setBackend("torch");
    expect(Array.from(tf.add(made, made).dataSync())).toEqual([2, 4, 6]);
  });
});
