import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { agreeWithCpu, type Case, image, ints, t } from "./agree-with-cpu.js";
import { describeTorch, runKernel } from "./on-torch.js";

const fillModes = ["constant", "reflect", "wrap", "nearest"] as const;
const ways = ["nearest", "bilinear"] as const;
const ids = (...values: number[]) => tf.tensor1d(values, "int32");

// Turned, sheared and shifted far enough that every fill mode is used; the second has a perspective part.
const transforms = () =>
  tf.tensor2d(
    [
      [0.8, -0.6, 1.3, 0.7, 0.9, -2.4, 0, 0],
      [1.9, 0.4, -7.2, -0.3, 1.7, -3.1, 0.05, 0.12],
    ],
    [2, 8],
  );

const transform = (which: number) => tf.slice(transforms(), which, 1) as tf.Tensor2D;

const boxes = () =>
  tf.tensor2d([
    [0, 0, 1, 1],
    [0.2, 0.9, 0.7, 0.1],
    [-0.3, 0.4, 1.2, 1.1],
    [0.1, 0.1, 0.4, 0.8],
  ]);

const dilate = (x: tf.Tensor, filter: tf.Tensor) => [
  tf.dilation2d(x as tf.Tensor4D, filter as tf.Tensor3D, [2, 1], "same"),
  tf.dilation2d(x as tf.Tensor4D, filter as tf.Tensor3D, 1, "valid", [2, 1]),
];

const cases: Record<string, Case> = {
  "crops, also of images that are not there": () =>
    ways.flatMap((way) =>
      [[3, 4] as [number, number], [1, 1] as [number, number]].map((size) =>
        tf.image.cropAndResize(image(), boxes(), ids(0, 1, 0, 5), size, way, 7),
      ),
    ),
  // Of one image each: the cpu backend stops after the first.
  "projections under each fill mode": () =>
    ways.flatMap((way) =>
      fillModes.flatMap((mode) => [
        tf.image.transform(t([1, 7, 5, 2]) as tf.Tensor4D, transform(0), way, mode, -0.5),
        tf.image.transform(t([1, 4, 9, 13]) as tf.Tensor4D, transform(1), way, mode, 0, [5, 3]),
      ]),
    ),
  rotations: () => [
    tf.image.rotateWithOffset(image(), 0.7, 3, [0.3, 0.8]),
    tf.image.rotateWithOffset(t([1, 4, 7, 4]) as tf.Tensor4D, -2.1, [9, 8, 7]),
  ],
  dilation: () => [...dilate(image(), t([3, 2, 3], 2)), ...dilate(ints([1, 5, 4, 2], 9), ints([2, 2, 2], 4, 3))],
  "derivatives of dilation": () =>
    [0, 1].flatMap((which) => {
      const derivatives = tf.grads((x: tf.Tensor, filter: tf.Tensor) => tf.mul(dilate(x, filter)[which]!, 2));
      return derivatives([image(), t([3, 2, 3], 2)]) as tf.Tensor[];
    }),
  "pooling with places": () =>
    ([2, [3, 2]] as (number | [number, number])[]).flatMap((size) =>
      [false, true].flatMap((withBatch) =>
        (["valid", "same"] as const).flatMap((pad) => {
          const { result, indexes } = tf.maxPoolWithArgmax(image(), size, [2, 1], pad, withBatch);
          return [result!, indexes!];
        }),
      ),
    ),
  "average pooling under explicit padding": () => {
    const pad: [[number, number], [number, number], [number, number], [number, number]] = [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ];
    return [
      tf.avgPool(image(), 3, 1, pad),
      tf.grad((x) => tf.avgPool(x as tf.Tensor4D, 3, 1, pad))(image()),
      tf.grad((x) => tf.avgPool3d(tf.expandDims(x, 0) as tf.Tensor5D, 2, 1, 1))(image()),
    ];
  },
  "pooling that leaves nothing": () => tf.avgPool3d(t([1, 2, 3, 1, 2]) as tf.Tensor5D, [1, 1, 3], 1, "valid"),
  "unique slices": () =>
    [0, 1, 2].flatMap((axis) => {
      const { values, indices } = tf.unique(ints([3, 4, 2], 2, 5), axis);
      return [values, indices];
    }),
  "unique numbers": () => {
    const { values, indices } = tf.unique(tf.tensor1d([2, Number.NaN, -0, 2, 0, Number.NaN, Infinity]));
    return [values, indices];
  },
  "segments of listed rows": () =>
    [t([5, 2, 3]), ints([5, 4], 9), t([5])].flatMap((data) => [
      tf.sparse.sparseSegmentSum(data, ids(4, 0, 0, 2), ids(1, 1, 3, 3)),
      tf.sparse.sparseSegmentMean(data, ids(4, 0, 0, 2), ids(1, 1, 3, 3)),
    ]),
  "no segments": () => tf.sparse.sparseSegmentSum(t([5, 2]), ids(), ids()),
};

describeTorch("kernels that few models use", () => {
  agreeWithCpu(cases);

  it("find the different numbers in the order of their first appearance", async () => {
    await tf.setBackend("torch");
    const { values, indices } = tf.unique(ids(7, 3, 7, 9, 3));
    expect(values.arraySync()).toEqual([7, 3, 9]);
    expect(indices.arraySync()).toEqual([0, 1, 0, 2, 1]);
  });

  it("project each image of a batch by its own numbers, or all by one", async () => {
    await tf.setBackend("torch");
    const each = [0, 1].map((i) => tf.slice(image(), i, 1) as tf.Tensor4D);
    const own = each.map((x, i) => tf.image.transform(x, transform(i), "bilinear", "reflect"));
    const batch = tf.image.transform(image(), transforms(), "bilinear", "reflect");
    expect(batch.arraySync()).toEqual(tf.concat(own).arraySync());
    const one = each.map((x) => tf.image.transform(x, transform(0), "nearest", "wrap"));
    expect(tf.image.transform(image(), transform(0), "nearest", "wrap").arraySync()).toEqual(
      tf.concat(one).arraySync(),
    );
  });

  it("serve strings", async () => {
    await tf.setBackend("torch");
    const words = tf.tensor1d(["b", "a", "b"]);
    expect(tf.unique(words).values.arraySync()).toEqual(["b", "a"]);
    expect(tf.sparseToDense(ids(3, 1), ["x", "y"], [5], "-").arraySync()).toEqual(["-", "y", "-", "x", "-"]);
    expect(tf.string.stringSplit(["a b", "c"], " ").values!.arraySync()).toEqual(["a", "b", "c"]);
    expect(tf.string.staticRegexReplace(words, "b", "βγ").arraySync()).toEqual(["βγ", "a", "βγ"]);
  });

  it("differentiate average pooling at a padded border as its forward pass divides", async () => {
    await tf.setBackend("torch");
    // The windows hold 4, 2, 2 and 1 real elements; the last pixel lies in all of them: 1/4 + 1/2 + 1/2 + 1.
    const x = tf.ones([1, 2, 2, 1]) as tf.Tensor4D;
    const dx = tf.grad((a) => tf.avgPool(a as tf.Tensor4D, 2, 1, "same"))(x);
    expect(Array.from(dx.dataSync())).toEqual([0.25, 0.75, 0.75, 2.25]);
  });

  it("say what they refuse", async () => {
    await tf.setBackend("torch");
    const rows = tf.ones([3, 2]);
    const refused = (run: () => unknown): string => {
      try {
        run();
      } catch (error) {
        return (error as Error).message;
      }
      return "nothing";
    };
    expect(refused(() => tf.sparse.sparseSegmentSum(rows, ids(0, 1), ids(1, 0)))).toMatchInlineSnapshot(
      `"segment ids are not increasing"`,
    );
    expect(refused(() => tf.sparse.sparseSegmentSum(rows, ids(0, 3), ids(0, 1)))).toMatchInlineSnapshot(
      `"Bad: indices[1] == 3 out of range [0, 3)"`,
    );
    expect(
      refused(() => runKernel("SparseSegmentSum", { data: rows, indices: ids(0, 1), segmentIds: ids(0) })),
    ).toMatchInlineSnapshot(
      `"torch sparse segments: expected indices and segmentIds to be vectors of one length, got shapes [2] and [1]."`,
    );
    expect(refused(() => tf.sparse.sparseSegmentSum(tf.scalar(1), ids(), ids()))).toMatchInlineSnapshot(
      `"Data should be at least 1 dimensional but received scalar"`,
    );
    expect(refused(() => tf.image.cropAndResize(image(), boxes(), ids(0, -1, 0, 0), [2, 2]))).toMatchInlineSnapshot(
      `"torch CropAndResize: an image index is negative (inputs: [2, 7, 5, 3] Float, [4, 4] Float, [4] Int)"`,
    );
    expect(
      refused(() =>
        runKernel("Dilation2D", { x: image(), filter: tf.ones([2, 2, 4]) }, { strides: 1, pad: "valid", dilations: 1 }),
      ),
    ).toMatchInlineSnapshot(
      `"torch Dilation2D: expected x [B, H, W, C] and a filter [h, w, C] (inputs: [2, 7, 5, 3] Float, [2, 2, 4] Float)"`,
    );
  });

  it("leak nothing", async () => {
    await tf.setBackend("torch");
    tf.tidy(() => {
      for (const run of Object.values(cases)) run();
    });
    const before = tf.memory();
    tf.tidy(() => {
      for (const run of Object.values(cases)) run();
    });
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });
});
