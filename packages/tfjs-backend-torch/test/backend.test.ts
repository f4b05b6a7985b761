import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import * as torch from "../src/index.js";
import { describeTorch, runKernel } from "./on-torch.js";

describe("the package", () => {
  it("exports what it promises", () => {
    expect(Object.keys(torch).sort()).toMatchInlineSnapshot(`
      [
        "TorchKernelError",
        "TorchOutOfMemoryError",
        "awaitEvictions",
        "copyStorage",
        "dataPointer",
        "evictStorage",
        "fetchStorage",
        "getDevice",
        "getPrecision",
        "getThreads",
        "isAddonBuilt",
        "loadTorch",
        "makeFileTensor",
        "makeHostTensor",
        "makeStoredTensor",
        "memoryStats",
        "modelFile",
        "placeStorage",
        "profileKernels",
        "registerTorchBackend",
        "releaseCachedBytes",
        "releaseStorage",
        "resetPeakBytes",
        "restoreStorage",
        "setCacheLimit",
        "setDevice",
        "setMemoryLimit",
        "setPrecision",
        "setThreads",
        "torchInfo",
        "withMemoryTag",
      ]
    `);
  });
});

describeTorch("bad input", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });

  const x = () => tf.ones([2, 3]);
  const disposed = () => {
    const tensor = x();
    tensor.dispose();
    return tensor;
  };
  const info = (shape: unknown) => ({ ...x(), shape }) as unknown as tf.Tensor;
  const foreign = () => ({ dataId: {}, shape: [2, 3], dtype: "float32" }) as unknown as tf.Tensor;

  const cases: Record<string, () => unknown> = {
    "shapes that do not broadcast": () => runKernel("Add", { a: x(), b: tf.ones([4]) }),
    "a disposed tensor": () => runKernel("Abs", { x: disposed() }),
    "an object that is no tensor": () => runKernel("Abs", { x: foreign() }),
    "a negative shape": () => runKernel("Abs", { x: info([-2, -3]) }),
    "a shape of NaN": () => runKernel("Abs", { x: info([Number.NaN]) }),
    "a shape that overflows": () => runKernel("Abs", { x: info([2 ** 40, 2 ** 40]) }),
    "a shape of another size": () => runKernel("Abs", { x: info([7]) }),
    "a fill of more memory than there is": () =>
      runKernel("Fill", {}, { shape: [2 ** 46], value: 1, dtype: "float32" }),
    "a fill of negative shape": () => runKernel("Fill", {}, { shape: [-1], value: 1, dtype: "float32" }),
    "an axis out of range": () => runKernel("Softmax", { logits: x() }, { dim: 5 }),
    "an index out of range": () => runKernel("GatherV2", { x: x(), indices: tf.tensor1d([9], "int32") }, { axis: 0 }),
    "a permutation with a repeat": () => runKernel("Transpose", { x: x() }, { perm: [0, 0] }),
    "a linear layer that does not fit": () =>
      runKernel("FusedLinear", { x: x(), weight: tf.ones([4, 5]) }, { activation: "none" }),
    "heads that do not divide": () => runKernel("FusedSelfAttention", { qkv: tf.ones([1, 2, 12]) }, { numHeads: 5 }),
    "an attention gradient of other shapes": () =>
      runKernel(
        "FusedSelfAttentionGrad",
        { dy: tf.ones([1, 2, 4]), qkv: tf.ones([1, 2, 12]), out: tf.ones([1, 2, 4]), logSumExp: tf.ones([1, 2]) },
        { numHeads: 2 },
      ),
    "a layer norm of another width": () =>
      runKernel("FusedLayerNorm", { x: x(), gamma: tf.ones([2]), beta: tf.ones([3]) }, { epsilon: 1e-6 }),
    "AdamW on integers": () => {
      const [param, grad] = [tf.zeros([2], "int32"), tf.ones([2])];
      const hyper = { learningRate: 1, beta1: 0.9, beta2: 0.9, epsilon: 1, weightDecay: 0, step: 1, gradScale: 1 };
      return runKernel("FusedAdamW", { param, grad, firstMoment: tf.ones([2]), secondMoment: tf.ones([2]) }, hyper);
    },
    "a device that is not there": () => torch.setDevice("cuda:63"),
    "a device of no meaning": () => torch.setDevice("toaster"),
    "no threads": () => torch.setThreads(0),
  };

  for (const [title, run] of Object.entries(cases)) {
    it(`throws and survives: ${title}`, () => {
      expect(run).toThrow(Error);
      expect(Array.from(tf.add([1], [2]).dataSync())).toEqual([3]);
    });
  }

  it("says which kernel, why, and what came in", () => {
    const message = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        expect(error).toBeInstanceOf(torch.TorchKernelError);
        return (error as Error).message;
      }
      return "nothing thrown";
    };
    expect(message(cases["shapes that do not broadcast"]!)).toMatchInlineSnapshot(
      `"torch Add: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1 (inputs: [2, 3] Float, [4] Float)"`,
    );
    expect(message(cases["a linear layer that does not fit"]!)).toMatchInlineSnapshot(
      `"torch FusedLinear: x [2, 3] does not fit weight [4, 5] (inputs: [2, 3] Float, [4, 5] Float)"`,
    );
    expect(message(cases["an index out of range"]!)).toMatchInlineSnapshot(
      `"torch GatherV2: the index value 9 is not in [0, 1] (inputs: [1, 1, 2, 3] Float, [1, 1] Int)"`,
    );
    expect(message(cases["a disposed tensor"]!)).toMatchInlineSnapshot(
      `"torch: expected a live tensor, got one that was disposed or is not a tensor."`,
    );
  });
});

describeTorch("memory", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterEach(() => torch.setPrecision("fp32"));

  it("returns to where it was when tensors are disposed", () => {
    const before = torch.memoryStats();
    const dataIds = tf.engine().backend.numDataIds();
    tf.tidy(() => {
      const a = tf.randomNormal([64, 64]);
      tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.softmax(tf.matMul(x, y)))([a, a]);
    });
    const after = torch.memoryStats();
    expect(after.storageBytes).toBe(before.storageBytes);
    expect(after.liveBytes).toBe(before.liveBytes);
    expect(tf.engine().backend.numDataIds()).toBe(dataIds);
  });

  it("counts bytes as they are stored, and their peak", () => {
    const before = torch.memoryStats().storageBytes;
    torch.resetPeakBytes();
    const floats = tf.zeros([1000, 1000]);
    expect(torch.memoryStats().storageBytes - before).toBe(4_000_000);
    torch.setPrecision("bf16");
    const product = tf.matMul(floats as tf.Tensor2D, floats as tf.Tensor2D);
    expect(torch.memoryStats().storageBytes - before).toBe(6_000_000);
    const reshaped = tf.reshape(product, [1_000_000]);
    product.dispose();
    expect(torch.memoryStats().storageBytes - before).toBe(6_000_000);
    tf.dispose([floats, reshaped]);
    expect(torch.memoryStats().storageBytes).toBe(before);
    expect(torch.memoryStats().peakBytes).toBeGreaterThanOrEqual(before + 6_000_000);
  });

  it("reads every dtype back as tfjs stores it", async () => {
    expect(await tf.tensor1d([1, -2], "int32").data()).toEqual(Int32Array.of(1, -2));
    expect(await tf.tensor1d([true, false]).data()).toEqual(Uint8Array.of(1, 0));
    expect(await tf.complex([1], [2]).data()).toEqual(Float32Array.of(1, 2));
    torch.setPrecision("bf16");
    expect(await tf.matMul([[2]], [[3]]).data()).toEqual(Float32Array.of(6));
  });

  it("tells what it runs on", () => {
    const info = torch.torchInfo();
    expect(info.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(info.device).toBe("cpu");
    expect(info.gpuCount).toBeGreaterThanOrEqual(0);
    torch.setThreads(1);
    expect(torch.getThreads()).toBe(1);
    torch.setThreads(info.threads);
  });
});
