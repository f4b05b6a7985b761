import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, it } from "vitest";
import * as torch from "../src/index.js";
import { describeTorch, runKernel } from "./on-torch.js";

/** Whichever product this machine's first use would choose, LibTorch's library is tested. */
process.env.GRATICULE_MATRIX_PRODUCT = "library";

describeTorch("the library's matrix products", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterEach(() => torch.setPrecision("fp32"));

  it("a layer's gradient makes no float32 copy of bf16 slopes", () => {
    torch.setPrecision("bf16");
    const [rows, inputs, outputs] = [1024, 16, 2048];
    const [layer] = runKernel("FusedLinear", { x: tf.ones([rows, inputs]), weight: tf.ones([outputs, inputs]) }, {});
    const dy = layer as tf.Tensor; // kept in bf16, as slopes are
    const x = tf.ones([rows, inputs]);
    const weight = tf.ones([outputs, inputs]);
    torch.resetPeakBytes();
    const before = torch.memoryStats().liveBytes;
    const [dx, dweight, dbias] = runKernel("FusedLinearGrad", { dy, x, weight }, { hasBias: true });
    expect(torch.memoryStats().peakBytes - before).toBeLessThan(rows * outputs * 2);
    expect([dx, dweight, dbias].map((gradient) => gradient?.dataSync()[0])).toEqual([
      outputs * inputs,
      rows * inputs,
      rows * inputs,
    ]);
  });
});
