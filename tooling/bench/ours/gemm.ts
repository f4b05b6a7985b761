import { matMul, ones, randomNormal, type Tensor2D, tidy, zeros } from "@tensorflow/tfjs-core";
import type { GemmShape } from "../gemm-shapes.js";
import { inComputeDtype, openTorch, readSettings, report, secondsPerCall } from "./child.js";

/** Our side of `bench gemm`: products of matrices that are already stored in the compute dtype. */
const settings = readSettings<{ dtype: "fp32" | "bf16"; threads: number; shapes: readonly GemmShape[] }>();
await openTorch(settings);

const results: Record<string, { milliseconds: number; gflops: number }> = {};
for (const { name, rows, inner, columns, transposeA, transposeB } of settings.shapes) {
  const a = matrix(transposeA ? [inner, rows] : [rows, inner]);
  const b = matrix(transposeB ? [columns, inner] : [inner, columns]);
  const seconds = secondsPerCall(() => matMul(a, b, transposeA, transposeB).dispose());
  results[name] = { milliseconds: seconds * 1000, gflops: (2 * rows * inner * columns) / seconds / 1e9 };
  a.dispose();
  b.dispose();
}
report(results);

function matrix(shape: [number, number]): Tensor2D {
  return tidy(() => inComputeDtype(randomNormal(shape), ones([shape[1]]), zeros([shape[1]])) as Tensor2D);
}
