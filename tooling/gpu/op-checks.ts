import { parseArgs } from "node:util";
import "@tensorflow/tfjs-backend-cpu";
import { registerGradients } from "@graticule/autodiff";
import { loadTorch, setDevice, setPrecision } from "@graticule/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { evaluateCase, type FusedCase } from "../../packages/ops/test/fused-cases.js";
import { deviceCases } from "./device-cases.js";
import { stateChecks } from "./state-checks.js";

/**
 * Compares every fused operation on a device, values and gradients, with its composed form on tfjs's cpu backend, in float32
 * and in bf16; prints one line of JSON. Sizes are small: what differs between devices is the choice of kernels.
 */
const { values: options } = parseArgs({ options: { device: { type: "string", default: "cuda" } } });

// float32 sums in another order, exponentials within a few units; bf16 keeps 8 bits, and up to four tensors are rounded.
const precisions = [
  { precision: "fp32", tolerance: 2e-5 },
  { precision: "bf16", tolerance: 2 ** -6 },
] as const;

const failures: string[] = [];
let passed = 0;

function check(title: string, run: () => string | undefined): void {
  let complaint: string | undefined;
  try {
    complaint = tf.tidy(run as never) as string | undefined;
  } catch (error) {
    complaint = error instanceof Error ? error.message : String(error);
  }
  tf.disposeVariables();
  if (complaint) failures.push(`${title}: ${complaint}`);
  else passed++;
}

/** Largest difference of two lists, as a part of the largest expected number. */
function distance(got: readonly number[], expected: readonly number[]): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-30);
  let worst = 0;
  for (const [index, value] of expected.entries()) {
    const difference = Math.abs((got[index] as number) - value) / scale;
    worst = Math.max(worst, difference); // NaN stays
  }
  return worst;
}

function compare(
  name: string,
  { shapes, fused }: FusedCase,
  expected: number[][],
  tolerance: number,
): string | undefined {
  const worst = evaluateCase(fused, shapes).map((values, index) => distance(values, expected[index] as number[]));
  const far = worst.findIndex((value) => !(value <= tolerance));
  if (far < 0) return undefined;
  const what = far === 0 ? "the value" : `the gradient of input ${far - 1}`;
  return `${what} of ${name} differs by ${worst[far]}, more than ${tolerance}`;
}

tf.enableProdMode();
registerGradients();
loadTorch();
setDevice(options.device);
for (const [name, fusedCase] of Object.entries(deviceCases)) {
  await tf.setBackend("cpu");
  const expected = tf.tidy(
    () => evaluateCase(fusedCase.composed ?? fusedCase.fused, fusedCase.shapes) as never,
  ) as number[][];
  tf.disposeVariables();
  await tf.setBackend("torch");
  for (const { precision, tolerance } of precisions) {
    setPrecision(precision);
    check(`${name} (${precision})`, () => compare(name, fusedCase, expected, tolerance));
  }
}
setPrecision("fp32");
for (const [title, run] of Object.entries(stateChecks)) check(title, run);
process.stdout.write(`${JSON.stringify({ passed, failed: failures.length, failures: failures.slice(0, 20) })}\n`);
