import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { memoryStats, setPrecision } from "../src/index.js";
import { kernelSamples } from "./kernel-samples.js";
import { describeTorch, runKernel } from "./on-torch.js";

const RUNS = 30;

describeTorch("no kernel leaks", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterAll(() => setPrecision("fp32"));

  const names = tf.getKernelsForBackend("torch").map(({ kernelName }) => kernelName);

  it("has a sample call for every registered kernel, and none besides", () => {
    expect(names.filter((name) => !(name in kernelSamples))).toEqual([]);
    expect(Object.keys(kernelSamples).filter((name) => !names.includes(name))).toEqual([]);
  });

  for (const precision of ["fp32", "bf16"] as const) {
    it.each(names)(`%s gives back what it took (${precision})`, (name) => {
      const { inputs, attrs } = kernelSamples[name]!;
      setPrecision(precision);
      const once = () => {
        const tensors = inputs();
        tf.dispose([runKernel(name, tensors as never, attrs), tensors]);
      };
      once(); // Libraries keep what they make for the first call.
      const before = memoryStats();
      const [{ numTensors }, dataIds] = [tf.memory(), tf.engine().backend.numDataIds()];
      for (let run = 0; run < RUNS; run++) once();
      const after = memoryStats();
      expect(after.storages - before.storages).toBe(0);
      expect(after.storageBytes - before.storageBytes).toBe(0);
      expect(after.liveBytes - before.liveBytes).toBe(0);
      expect(tf.memory().numTensors - numTensors).toBe(0);
      expect(tf.engine().backend.numDataIds() - dataIds).toBe(0);
    });
  }

  it("a kernel that throws keeps nothing", () => {
    const [a, b] = [tf.ones([1000, 3]), tf.ones([4])];
    const before = memoryStats();
    for (let run = 0; run < RUNS; run++) {
      expect(() => runKernel("Add", { a, b })).toThrow();
      expect(() => runKernel("FusedLinear", { x: a, weight: tf.zeros([0]) }, { activation: "none" })).toThrow();
    }
    const after = memoryStats();
    expect(after.liveBytes).toBe(before.liveBytes);
    tf.dispose([a, b]);
  });
});
