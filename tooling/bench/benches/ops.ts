import { valueAndGrad } from "@graticule/autodiff";
import { openBackend } from "@graticule/train";
import * as tf from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import { type OpCase, opCases } from "./op-cases.js";

export interface OpsOptions {
  readonly dtype: "fp32" | "bf16";
  readonly threads: number;
  readonly pairs: number;
  readonly only?: string;
}

type OpTimes = {
  readonly composedMs: number;
  readonly fusedMs: number;
  /** Composed ÷ fused, the median over the pairs. */
  readonly ratio: number;
};

/**
 * Times each operation's forward and backward pass with its fused kernel and without: the composed side is the same
 * public function, run while the kernel is not registered.
 */
export async function benchOps({ dtype, threads, pairs, only }: OpsOptions): Promise<Record<string, unknown>> {
  await openBackend({ name: "torch", device: "cpu", precision: dtype, threads });
  const results: Record<string, OpTimes> = {};
  for (const [name, makeCase] of Object.entries(opCases))
    if (only === undefined || only === name) results[name] = tf.tidy(() => timeOp(makeCase(), pairs));
  return { bench: "ops", dtype, threads, pairs, results };
}

function timeOp({ kernels, variables, run }: OpCase, pairs: number): OpTimes {
  const step = (): number => {
    const start = performance.now();
    const { value, gradients } = valueAndGrad(() => tf.sum(run()), variables);
    value.dataSync();
    const elapsed = performance.now() - start;
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== null)]);
    return elapsed;
  };
  step();
  withoutKernels(kernels, step);
  const fused: number[] = [];
  const composed: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    fused.push(step());
    composed.push(withoutKernels(kernels, step));
  }
  const ratios = composed.map((time, pair) => time / (fused[pair] as number));
  tf.dispose(variables);
  const rounded = (value: number): number => Number(value.toPrecision(3));
  return { composedMs: rounded(median(composed)), fusedMs: rounded(median(fused)), ratio: rounded(median(ratios)) };
}

function withoutKernels<T>(names: readonly string[], f: () => T): T {
  const configs = names.map((name) => tf.getKernel(name, "torch"));
  for (const name of names) tf.unregisterKernel(name, "torch");
  try {
    return f();
  } finally {
    for (const config of configs) tf.registerKernel(config);
  }
}
