import { openBackend } from "@graticule/train";
import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { median } from "../harness/median.js";
import type { Measured } from "../harness/run-json.js";

/** The settings that the parent process handed over. */
export function readSettings<S>(): S {
  return JSON.parse(process.argv[2] as string) as S;
}

/** Opens the torch backend of a benchmark. */
export async function openTorch({ dtype, threads }: { dtype: "fp32" | "bf16"; threads: number }): Promise<void> {
  await openBackend({ name: "torch", device: "cpu", precision: dtype, threads });
}

/** Hands numbers to the parent process, with this one's peak resident memory. */
export function report(measured: Measured): void {
  process.stdout.write(`${JSON.stringify({ ...measured, peakRssMB: process.resourceUsage().maxRSS / 1024 })}\n`);
}

const WARMUP_CALLS = 2;
const LEAST_CALLS = 5;
const LEAST_SECONDS = 0.4;

/** Median seconds of a call, warm: at least five calls and 0.4 s of them. The peers time alike. */
export function secondsPerCall(call: () => void): number {
  for (let index = 0; index < WARMUP_CALLS; index++) call();
  const times: number[] = [];
  for (let total = 0; times.length < LEAST_CALLS || total < LEAST_SECONDS; ) {
    const start = performance.now();
    call();
    const seconds = (performance.now() - start) / 1000;
    times.push(seconds);
    total += seconds;
  }
  return median(times);
}

/** The same numbers as the policy stores them: a layer norm's output is bf16 under bf16. */
export function inComputeDtype(x: Tensor, gamma: Tensor, beta: Tensor): Tensor {
  return engine().runKernel("FusedLayerNorm", { x, gamma, beta }, { epsilon: 1e-6 }) as Tensor;
}
