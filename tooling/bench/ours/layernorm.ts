import { layerNorm } from "@graticule/ops";
import { dispose, grads, ones, randomNormal, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { inComputeDtype, openTorch, readSettings, report, secondsPerCall } from "./child.js";

/** Our side of `bench layernorm`. */
const { rows, width, ...settings } = readSettings<{
  dtype: "fp32" | "bf16";
  threads: number;
  rows: number;
  width: number;
}>();
await openTorch(settings);

const [gamma, beta] = [ones([width]), zeros([width])];
const stored = (): Tensor => tidy(() => inComputeDtype(randomNormal([rows, width]), gamma, beta));
const [x, dy] = [stored(), stored()];
const normalize = (x: Tensor, gamma: Tensor, beta: Tensor): Tensor => layerNorm(x, gamma, beta, 1e-6);
const backward = grads(normalize);
report({
  forward: { milliseconds: 1000 * secondsPerCall(() => normalize(x, gamma, beta).dispose()) },
  "forward and backward": {
    milliseconds: 1000 * secondsPerCall(() => dispose(backward([x, gamma, beta], dy))),
  },
});
