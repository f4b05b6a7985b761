import { dispose, engine, ones, randomNormal, type Tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import type { LinearShape } from "../benches/gemm-shapes.js";
import { inComputeDtype, openTorch, readSettings, report, secondsPerCall } from "./child.js";

/** Our side of `bench gemm`: a linear layer's products, of matrices that are stored in the compute dtype already. */
const settings = readSettings<{ dtype: "fp32" | "bf16"; threads: number; shapes: readonly LinearShape[] }>();
await openTorch(settings);

const results: Record<string, { milliseconds: number; gflops: number }> = {};
for (const { name, tokens, inputs, outputs, pass } of settings.shapes) {
  const [x, weight, dy] = [matrix(tokens, inputs), matrix(outputs, inputs), matrix(tokens, outputs)];
  const isForward = pass === "forward";
  const kernel = isForward ? "FusedLinear" : "FusedLinearGrad";
  const attrs = { inputActivation: "none", hasBias: false };
  const run = () => engine().runKernel(kernel, isForward ? { x, weight } : { dy, x, weight }, attrs);
  const seconds = secondsPerCall(() => dispose(run() as Tensor | Tensor[]));
  const flops = (isForward ? 2 : 4) * tokens * inputs * outputs;
  results[name] = { milliseconds: seconds * 1000, gflops: flops / seconds / 1e9 };
  dispose([x, weight, dy]);
}
report(results);

function matrix(rows: number, columns: number): Tensor {
  return tidy(() => inComputeDtype(randomNormal([rows, columns]), ones([columns]), zeros([columns])));
}
