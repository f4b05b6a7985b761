import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { profileKernels } from "../src/index.js";
import { describeTorch, runKernel } from "./on-torch.js";

describeTorch("profileKernels", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });

  it("counts each native kernel, and the transfers apart from them", () => {
    const x = tf.tensor1d([1, 4, 9]);
    const profile = profileKernels(() => {
      const roots = tf.tidy(() => tf.add(tf.sqrt(x), tf.sqrt(x)));
      const values = roots.dataSync();
      roots.dispose();
      return [...values];
    });
    expect(profile.result).toEqual([2, 4, 6]);
    const counts = Object.fromEntries(profile.calls.map(({ name, calls }) => [name, calls]));
    expect(counts).toEqual({ Sqrt: 2, Add: 1, read: 1, dispose: 3 });
    const time = (names: readonly string[]) =>
      profile.calls.filter(({ name }) => names.includes(name)).reduce((sum, call) => sum + call.milliseconds, 0);
    expect(profile.kernelMilliseconds).toBeCloseTo(time(["Sqrt", "Add"]), 9);
    expect(profile.milliseconds).toBeGreaterThan(time(["Sqrt", "Add", "read", "dispose"]));
  });

  it("stops when the function throws", () => {
    let calls = 0;
    expect(() =>
      profileKernels(() => {
        calls++;
        runKernel("Add", { a: tf.ones([2]), b: tf.ones([3]) });
      }),
    ).toThrow(/Add/);
    expect(profileKernels(() => calls).calls).toEqual([]);
  });
});
