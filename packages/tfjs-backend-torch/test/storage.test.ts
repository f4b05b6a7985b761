import { mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, it } from "vitest";
import * as torch from "../src/index.js";
import { describeTorch, runKernel } from "./on-torch.js";

const hyper = { learningRate: 1, beta1: 0.9, beta2: 0.99, epsilon: 0, weightDecay: 0, step: 1, gradScale: 1 };

/** One AdamW step with a gradient of ones: it subtracts the learning rate from each element. */
function descend(param: tf.Tensor): void {
  const others = [tf.onesLike(param), tf.zerosLike(param), tf.zerosLike(param)];
  const [grad, firstMoment, secondMoment] = others;
  runKernel("FusedAdamW", { param, grad: grad!, firstMoment: firstMoment!, secondMoment: secondMoment! }, hyper);
  tf.dispose(others);
}

describeTorch("storages", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterEach(() => torch.setPrecision("fp32"));

  it("are freed and restored behind a tensor that stays, its views included", () => {
    const tensor = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const view = tf.reshape(tensor, [4]);
    const before = torch.memoryStats();
    torch.releaseStorage(tensor);
    torch.releaseStorage(tensor);
    expect(torch.memoryStats().storageBytes).toBe(before.storageBytes - 16);
    expect(torch.memoryStats().storages).toBe(before.storages);
    for (const use of [() => tf.add(view, 1), () => tensor.dataSync(), () => torch.dataPointer(tensor)]) {
      expect(use).toThrow(
        "expected a tensor with a storage, got one whose storage was released. Call restoreStorage first",
      );
    }
    torch.restoreStorage(tensor, Float32Array.of(5, 6, 7, 8));
    expect(Array.from(view.dataSync())).toEqual([5, 6, 7, 8]);
    torch.restoreStorage(tensor, Float32Array.of(1, 1, 1, 1));
    expect(Array.from(tensor.dataSync())).toEqual([1, 1, 1, 1]);
    torch.releaseStorage(tensor);
    tf.dispose([tensor, view]);
    expect(torch.memoryStats().storages).toBe(before.storages - 1);
  });

  it("come back in the dtype that they were stored in", () => {
    torch.setPrecision("bf16");
    const product = tf.matMul(tf.ones([2, 2]), tf.ones([2, 2]));
    expect(torch.dataPointer(product)).toMatchObject({ bytes: 8, dtype: "bfloat16", device: "cpu" });
    torch.releaseStorage(product);
    torch.restoreStorage(product, Float32Array.of(1, 1 / 3, 2, 3));
    expect(torch.dataPointer(product).dtype).toBe("bfloat16");
    expect(Array.from(product.dataSync())).toEqual([1, 0.333984375, 2, 3]);
    const flags = tf.tensor1d([true, false]);
    torch.releaseStorage(flags);
    torch.restoreStorage(flags, Uint8Array.of(0, 7));
    expect(Array.from(flags.dataSync())).toEqual([0, 1]);
  });

  it("lie in the memory of another tensor, and take turns with memory of their own", () => {
    const flat = tf.tensor1d([1, 2, 3, 4, 5, 6]);
    const weight = tf.ones([2, 2]);
    const seen = weight.clone();
    const before = torch.memoryStats().storageBytes;
    torch.placeStorage(weight, flat, 1);
    expect(torch.memoryStats().storageBytes).toBe(before - 16);
    expect(Array.from(seen.dataSync())).toEqual([2, 3, 4, 5]);
    descend(weight);
    expect(Array.from(flat.dataSync(), Math.round)).toEqual([1, 1, 2, 3, 4, 6]);
    torch.releaseStorage(weight);
    torch.releaseStorage(flat);
    expect(torch.memoryStats().storageBytes).toBe(before - 16 - 24);
    torch.restoreStorage(flat, Float32Array.of(9, 8, 7, 6, 5, 4), "bfloat16");
    torch.placeStorage(weight, flat, 2);
    expect(torch.dataPointer(weight)).toMatchObject({ bytes: 8, dtype: "bfloat16" });
    expect(Array.from(tf.add(seen, 1).dataSync())).toEqual([8, 7, 6, 5]);
    torch.copyStorage(tf.tensor1d([1 / 3, 0, 0, 1]), weight);
    expect(Array.from(flat.dataSync())).toEqual([9, 8, 0.333984375, 0, 0, 1]);
    tf.dispose([flat]);
    expect(Array.from(weight.dataSync())).toEqual([0.333984375, 0, 0, 1]);
    const part = tf.zeros([2]);
    expect(() => torch.placeStorage(part, weight, 0)).toThrow("in the memory of a tensor of its own");
    torch.releaseStorage(weight);
    torch.restoreStorage(weight);
    expect(() => torch.placeStorage(part, weight, 3)).toThrow("expected 2 elements from 3 on to lie within 4");
    expect(() => torch.copyStorage(part, weight)).toThrow("expected 4 elements, got 2");
    tf.dispose([weight, seen, part]);
  });

  it("lie in a file, of which memory has what is in use", () => {
    const folder = mkdtempSync(join(tmpdir(), "graticule-file-tensor-"));
    const before = torch.memoryStats().liveBytes;
    const state = torch.makeFileTensor(folder, 1 << 20);
    expect(torch.memoryStats().liveBytes).toBe(before);
    const moment = tf.zeros([1 << 19]);
    torch.placeStorage(moment, state, 1 << 19);
    expect(state.dataSync().every((value) => value === 0)).toBe(true);
    descend(moment);
    for (let turn = 0; turn < 2; turn++) {
      torch.evictStorage(state);
      torch.fetchStorage(moment);
      descend(moment);
    }
    torch.awaitEvictions();
    expect(Array.from(state.dataSync().slice((1 << 19) - 1, (1 << 19) + 1), Math.round)).toEqual([0, -3]);
    expect(readdirSync(folder)).toEqual([]); // The file has no name.
    tf.dispose([state, moment]);
    rmdirSync(folder);
    const message = `expected to reserve 40 bytes in ${folder}, got No such file or directory`;
    expect(() => torch.makeFileTensor(folder, 10)).toThrow(message);
    expect(() => torch.makeFileTensor(tmpdir(), 1e14)).toThrow(/expected to reserve 400000000000000 bytes in .*, got /);
  });

  it("lie in the host's memory, and other tensors in them", () => {
    const state = torch.makeHostTensor(6);
    const moment = tf.zeros([3]);
    torch.placeStorage(moment, state, 3);
    descend(moment);
    expect(torch.dataPointer(state).device).toBe("cpu");
    expect(Array.from(state.dataSync(), Math.round)).toEqual([0, 0, 0, -1, -1, -1]);
    tf.dispose([state, moment]);
    expect(() => torch.makeHostTensor(-1)).toThrow("expected a length of 0 or more, got -1");
  });

  it("refuses values of another length, strings, and disposed tensors", () => {
    const tensor = tf.ones([2, 3]);
    expect(() => torch.restoreStorage(tensor, Float32Array.of(1))).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: restoreStorage: expected 6 values for shape [2,3], got 1.]`,
    );
    expect(() => torch.dataPointer(tf.tensor1d(["a"]))).toThrowErrorMatchingInlineSnapshot(
      `[TorchKernelError: torch: expected a numeric tensor, got one of dtype string.]`,
    );
    tensor.dispose();
    expect(() => torch.releaseStorage(tensor)).toThrowErrorMatchingInlineSnapshot(
      `[TorchKernelError: torch: expected a live tensor, got one that was disposed or is not a tensor.]`,
    );
  });

  it("have an address that stays while the tensor does, and hold what tf says", () => {
    const tensor = tf.tensor1d([1, 2, 3], "int32");
    const pointer = torch.dataPointer(tensor);
    expect(pointer).toMatchObject({ bytes: 12, dtype: "int32", device: "cpu" });
    expect(pointer.address).toBeGreaterThan(0n);
    expect(torch.dataPointer(tensor).address).toBe(pointer.address);
    expect(torch.dataPointer(tf.reshape(tensor, [3, 1])).address).toBe(pointer.address);
  });
});

describeTorch("a tensor made from a large typed array", () => {
  const length = 1 << 20;
  beforeAll(async () => {
    await tf.setBackend("torch");
  });

  it("lies in the array: no second copy", () => {
    const values = new Float32Array(length).fill(2);
    const before = torch.memoryStats();
    const tensor = tf.tensor1d(values);
    expect(torch.memoryStats().liveBytes - before.liveBytes).toBe(4 * length);
    expect(torch.memoryStats().cachedBytes).toBe(before.cachedBytes);
    expect(torch.memoryStats().storageBytes - before.storageBytes).toBe(4 * length);
    const sum = tf.sum(tensor);
    expect(sum.dataSync()[0]).toBe(2 * length);
    tf.dispose([sum, tensor]);
    expect(torch.memoryStats().storageBytes).toBe(before.storageBytes);
    expect(torch.memoryStats().liveBytes).toBe(before.liveBytes);
  });

  it("is read into another array, so that writing there does not change it", async () => {
    const tensor = tf.tensor1d(new Float32Array(length).fill(2));
    for (const read of [tensor.dataSync(), await tensor.data()]) {
      read.fill(9);
      expect(tensor.dataSync()[0]).toBe(2);
    }
  });

  it("leaves the array alone when a kernel works in place, or its address is asked for", () => {
    const values = new Float32Array(length).fill(2);
    const param = tf.variable(tf.tensor1d(values));
    descend(param);
    expect(param.dataSync()[7]).toBeCloseTo(1, 5);
    expect(values[7]).toBe(2);
    const tensor = tf.tensor1d(values);
    torch.dataPointer(tensor);
    values.fill(3);
    expect(tensor.dataSync()[0]).toBe(2);
  });

  it("says so when the array was transferred away", () => {
    const values = new Float32Array(length);
    const tensor = tf.tensor1d(values);
    structuredClone(values, { transfer: [values.buffer] });
    expect(() => tf.add(tensor, 1)).toThrow(
      "expected a tensor whose array is still there, got one whose ArrayBuffer was transferred or detached. Make the " +
        "tensor from a copy of the array",
    );
    tensor.dispose();
  });

  it("is copied where its memory is shared between threads, can shrink, is a small part of a buffer, or holds bools", () => {
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
    const arrays = [
      new Float32Array(new SharedArrayBuffer(4 * length)),
      new Float32Array(new Resizable(4 * length, { maxByteLength: 8 * length }), 0, length),
      new Float32Array(4 * length).subarray(length, 2 * length),
      new Uint8Array(4 * length),
    ];
    for (const values of arrays) {
      values.fill(1);
      const tensor = tf.tensor1d(values, values instanceof Uint8Array ? "bool" : "float32");
      values.fill(0);
      expect(tensor.dataSync()[length - 1]).toBe(1);
      tensor.dispose();
    }
  });
});

describeTorch("asynchronous reading", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });

  it("gives the values of the moment of the call, also when a kernel changes them in place meanwhile", async () => {
    const param = tf.variable(tf.fill([1 << 20], 5));
    const reading = param.data();
    descend(param);
    const values = await reading;
    expect([values[0], values.at(-1)]).toEqual([5, 5]);
    expect(param.dataSync()[0]).toBeCloseTo(4, 5);
    param.dispose();
  });

  it("lets the event loop run while a thread copies, and survives that the tensor is disposed", async () => {
    const tensor = tf.fill([1 << 24], 1);
    const before = torch.memoryStats().liveBytes;
    let turns = 0;
    const ticker = setInterval(() => turns++, 0);
    const reads = Array.from({ length: 4 }, () => tensor.data());
    tensor.dispose();
    for (const values of await Promise.all(reads)) expect(values[12345]).toBe(1);
    clearInterval(ticker);
    expect(turns).toBeGreaterThan(0);
    expect(torch.memoryStats().liveBytes).toBeLessThanOrEqual(before - 2 ** 26);
  });
});
