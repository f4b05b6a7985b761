import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, it } from "vitest";
import { getPrecision, setPrecision } from "../src/index.js";
import { describeTorch, numbers, numericalGradient, runKernel } from "./on-torch.js";

/** Taylor series; 80 terms are exact to float64 below 4. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));

function linear(x: number[], weight: number[], bias: number[] | null, K: number, N: number): number[] {
  const rows = x.length / K;
  return Array.from({ length: rows * N }, (_, i) => {
    const [row, n] = [Math.floor(i / N), i % N];
    let sum = bias?.[n] ?? 0;
    for (let k = 0; k < K; k++) sum += x[row * K + k]! * weight[n * K + k]!;
    return sum;
  });
}

function layerNorm(x: number[], gamma: number[], beta: number[], epsilon: number): number[] {
  const D = gamma.length;
  return x.map((value, i) => {
    const row = x.slice(i - (i % D), i - (i % D) + D);
    const mean = row.reduce((a, b) => a + b) / D;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / D;
    return ((value - mean) / Math.sqrt(variance + epsilon)) * gamma[i % D]! + beta[i % D]!;
  });
}

function attention(qkv: number[], [B, N, D]: [number, number, number], heads: number) {
  const headDim = D / heads;
  const at = (b: number, n: number, which: number, h: number, j: number) =>
    qkv[(b * N + n) * 3 * D + which * D + h * headDim + j]!;
  const out = new Array<number>(B * N * D).fill(0);
  const logSumExp: number[] = [];
  for (let b = 0; b < B; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < N; i++) {
        const scores = Array.from({ length: N }, (_, k) => {
          let dot = 0;
          for (let j = 0; j < headDim; j++) dot += at(b, i, 0, h, j) * at(b, k, 1, h, j);
          return dot / Math.sqrt(headDim);
        });
        const norm = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
        logSumExp.push(norm);
        for (let j = 0; j < headDim; j++)
          scores.forEach((score, k) => {
            out[(b * N + i) * D + h * headDim + j]! += Math.exp(score - norm) * at(b, k, 2, h, j);
          });
      }
  return { out, logSumExp };
}

/** Largest difference, relative to the largest expected number. */
function distance(actual: tf.Tensor, expected: number[]): number {
  const values = actual.dataSync();
  expect(values.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs), 1e-6);
  return Math.max(...expected.map((value, i) => Math.abs(value - values[i]!))) / scale;
}

describeTorch("fused kernels", () => {
  beforeAll(async () => {
    await tf.setBackend("torch");
  });
  afterEach(() => setPrecision("fp32"));

  // bf16 keeps 8 bits of a number: each rounding costs up to 2^-9 = 0.2 %, more where a sum nearly cancels.
  const precisions = [
    { precision: "fp32", tolerance: 1e-5 },
    { precision: "bf16", tolerance: 5e-2 },
  ] as const;

  for (const { precision, tolerance } of precisions) {
    for (const inputActivation of ["none", "gelu"] as const) {
      for (const hasBias of [true, false]) {
        it(`FusedLinear (${inputActivation}, bias ${hasBias}, ${precision}) equals composed math, its gradient finite differences`, () => {
          const [K, N] = [7, 5];
          const [x, weight, dy] = [numbers(3 * 2 * K, 1), numbers(N * K, 2), numbers(3 * 2 * N, 4)];
          const bias = hasBias ? numbers(N, 3) : null;
          const act = inputActivation === "gelu" ? gelu : (value: number) => value;
          const tensors = {
            x: tf.tensor(x, [3, 2, K]),
            weight: tf.tensor(weight, [N, K]),
            ...(bias ? { bias: tf.tensor1d(bias) } : {}),
          };
          setPrecision(precision);
          const [y] = runKernel("FusedLinear", tensors, { inputActivation });
          expect(y!.shape).toEqual([3, 2, N]);
          expect(distance(y!, linear(x.map(act), weight, bias, K, N))).toBeLessThan(tolerance);

          const inputs = { dy: tf.tensor(dy, [3, 2, N]), x: tensors.x, weight: tensors.weight };
          const grads = runKernel("FusedLinearGrad", inputs, { inputActivation, hasBias });
          expect(grads.map(({ shape }) => shape)).toEqual([[3, 2, K], [N, K], ...(hasBias ? [[N]] : [])]);
          const forX = numericalGradient((at) => linear(at.map(act), weight, bias, K, N), x, dy);
          const forWeight = numericalGradient((at) => linear(x.map(act), at, bias, K, N), weight, dy);
          expect(distance(grads[0]!, forX)).toBeLessThan(tolerance);
          expect(distance(grads[1]!, forWeight)).toBeLessThan(tolerance);
          if (bias) {
            const forBias = numericalGradient((at) => linear(x.map(act), weight, at, K, N), bias, dy);
            expect(distance(grads[2]!, forBias)).toBeLessThan(tolerance);
          }
        });
      }
    }

    it(`FusedLayerNorm (${precision}) equals composed math, its gradient finite differences`, () => {
      const D = 11;
      const [x, gamma, beta, dy] = [numbers(6 * D, 1, 3), numbers(D, 2), numbers(D, 3), numbers(6 * D, 4)];
      const [tx, tgamma, tbeta] = [tf.tensor(x, [2, 3, D]), tf.tensor1d(gamma), tf.tensor1d(beta)];
      setPrecision(precision);
      const inputs = { x: tx, gamma: tgamma, beta: tbeta };
      const outputs = runKernel("FusedLayerNorm", inputs, { epsilon: 1e-6, forGradient: true });
      const [y, normalized, mean, rstd] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [ofRows, ofMeans] = precision === "bf16" ? [[2, 3, D], [0]] : [[0], [6]];
      expect(outputs.map(({ shape }) => shape)).toEqual([[2, 3, D], ofRows, ofMeans, [6]]);
      expect(distance(y, layerNorm(x, gamma, beta, 1e-6))).toBeLessThan(tolerance);
      const kept = normalized.size > 0 ? normalized : tx;
      if (normalized.size > 0) {
        const [again] = runKernel("FusedScaleRows", { x: normalized, gamma: tgamma, beta: tbeta });
        expect(distance(again!, layerNorm(x, gamma, beta, 1e-6))).toBeLessThan(tolerance);
      }
      const saved = { dy: tf.tensor(dy, [2, 3, D]), x: kept, gamma: tgamma, mean, rstd };
      const [dx, dgamma, dbeta] = runKernel("FusedLayerNormGrad", saved);
      const forX = numericalGradient((at) => layerNorm(at, gamma, beta, 1e-6), x, dy);
      expect(distance(dx!, forX)).toBeLessThan(tolerance);
      const forGamma = numericalGradient((at) => layerNorm(x, at, beta, 1e-6), gamma, dy);
      expect(distance(dgamma!, forGamma)).toBeLessThan(tolerance);
      const forBeta = numericalGradient((at) => layerNorm(x, gamma, at, 1e-6), beta, dy);
      expect(distance(dbeta!, forBeta)).toBeLessThan(tolerance);
    });

    it(`FusedSelfAttention (${precision}) equals composed math, its gradient finite differences`, () => {
      const [B, N, D, heads] = [2, 5, 8, 2];
      const [qkv, dy] = [numbers(B * N * 3 * D, 1), numbers(B * N * D, 2)];
      const input = tf.tensor(qkv, [B, N, 3 * D]);
      setPrecision(precision);
      const [out, logSumExp] = runKernel("FusedSelfAttention", { qkv: input }, { numHeads: heads });
      expect([out!.shape, logSumExp!.shape]).toEqual([
        [B, N, D],
        [B, heads, N],
      ]);
      const expected = attention(qkv, [B, N, D], heads);
      expect(distance(out!, expected.out)).toBeLessThan(tolerance);
      expect(distance(logSumExp!, expected.logSumExp)).toBeLessThan(tolerance);
      const saved = { dy: tf.tensor(dy, [B, N, D]), qkv: input, out: out!, logSumExp: logSumExp! };
      const [dqkv] = runKernel("FusedSelfAttentionGrad", saved, { numHeads: heads });
      const numerical = numericalGradient((at) => attention(at, [B, N, D], heads).out, qkv, dy);
      expect(distance(dqkv!, numerical)).toBeLessThan(tolerance);
    });

    it(`FusedGelu (${precision}) is the exact GELU, its gradient finite differences`, () => {
      const [x, dy] = [numbers(33, 1, 3), numbers(33, 2)];
      const input = tf.tensor(x, [3, 11]);
      setPrecision(precision);
      expect(distance(runKernel("FusedGelu", { x: input })[0]!, x.map(gelu))).toBeLessThan(tolerance);
      const [dx] = runKernel("FusedGeluGrad", { dy: tf.tensor(dy, [3, 11]), x: input });
      const numerical = numericalGradient((at) => at.map(gelu), x, dy);
      expect(distance(dx!, numerical)).toBeLessThan(tolerance);
    });
  }

  it("stores products in bf16 under that policy, weight gradients in float32", () => {
    setPrecision("bf16");
    expect(getPrecision()).toBe("bf16");
    const third = tf.fill([1, 1], 1 / 3);
    const one = tf.ones([1, 1]);
    const [y] = runKernel("FusedLinear", { x: third, weight: one }, { activation: "none" });
    expect(y!.dataSync()[0]).toBe(0.333984375); // 1/3 rounded to 8 bits
    expect(tf.add(third, tf.fill([1, 1], 1e-4)).dataSync()[0]).toBeCloseTo(1 / 3 + 1e-4, 7);
    const dy = tf.fill([3, 1], 1 / 3);
    const [, dweight] = runKernel("FusedLinearGrad", { dy, x: tf.ones([3, 1]), weight: one }, { activation: "none" });
    expect(dweight!.dtype).toBe("float32");
  });

  it("SumOfSquares accumulates in float64", () => {
    // In float32, 1 is lost when added to 2^26.
    const x = tf.tensor1d([8192, ...new Array(1000).fill(1)]);
    expect(runKernel("SumOfSquares", { x })[0]!.dataSync()[0]).toBe(67108864 + 1000);
    expect(runKernel("SumOfSquares", { x: tf.zeros([0]) })[0]!.dataSync()[0]).toBe(0);
  });

  it("FusedAdamW takes the step of Loshchilov & Hutter 2019, in place", () => {
    const count = 200_003; // several chunks and a remainder
    const hyper = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.05, gradScale: 0.5 };
    const start = Float32Array.from(numbers(count, 1));
    const gradients = [2, 3].map((seed) => Float32Array.from(numbers(count, seed)));
    const param = tf.variable(tf.tensor1d(start));
    const [firstMoment, secondMoment] = [tf.variable(tf.zeros([count])), tf.variable(tf.zeros([count]))];
    for (const [i, values] of gradients.entries()) {
      const inputs = { param, grad: tf.tensor1d(values), firstMoment, secondMoment };
      expect(runKernel("FusedAdamW", inputs, { ...hyper, step: i + 1 })).toEqual([]);
    }
    const actual = param.dataSync();
    for (const i of [0, 1, 65535, 65536, count - 1]) {
      let [p, m, v] = [start[i]!, 0, 0];
      for (const [t, values] of gradients.entries()) {
        const g = 0.5 * values[i]!;
        m = 0.9 * m + 0.1 * g;
        v = 0.99 * v + 0.01 * g * g;
        const [mHat, vHat] = [m / (1 - 0.9 ** (t + 1)), v / (1 - 0.99 ** (t + 1))];
        p = p * (1 - 0.1 * 0.05) - (0.1 * mHat) / (Math.sqrt(vHat) + 1e-8);
      }
      expect(actual[i]).toBeCloseTo(p, 5);
      expect(firstMoment.dataSync()[i]).toBeCloseTo(m, 6);
    }
  });

  it("a changed weight is not taken from the bf16 cache", () => {
    setPrecision("bf16");
    const weight = tf.variable(tf.ones([1, 1]));
    const x = tf.ones([1, 1]);
    const forward = () => runKernel("FusedLinear", { x, weight }, { activation: "none" })[0]!.dataSync()[0];
    expect(forward()).toBe(1);
    const moments = { firstMoment: tf.zeros([1, 1]), secondMoment: tf.zeros([1, 1]) };
    const hyper = { learningRate: 0.5, beta1: 0.9, beta2: 0.99, epsilon: 0, weightDecay: 0, step: 1, gradScale: 1 };
    runKernel("FusedAdamW", { param: weight, grad: tf.ones([1, 1]), ...moments }, hyper);
    expect(forward()).toBe(0.5);
  });
});
