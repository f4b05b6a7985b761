import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { tfjsNodeEnvironment } from "../tensorflow/find-tfjs-node.mjs";
import type { CaseErrors } from "./errors-of.js";

/** A backend and what its errors may be, relative to the largest value. */
export interface MeasuredBackend {
  readonly title: string;
  readonly backend: string;
  readonly precision: "fp32" | "bf16";
  readonly tolerance: number;
}

/** Float32 rounds to 6e-8, sums of these cases' lengths to a few times that; a training's later losses to more. */
export const FP32_TOLERANCE = 2e-6;

/** A bf16 number has 8 bits: one rounding is up to 4e-3, and a network makes some in a row. */
const BF16_TOLERANCE = 2e-2;

export const measuredBackends: readonly MeasuredBackend[] = [
  { title: "cpu", backend: "cpu", precision: "fp32", tolerance: FP32_TOLERANCE },
  { title: "wasm", backend: "wasm", precision: "fp32", tolerance: FP32_TOLERANCE },
  { title: "torch fp32", backend: "torch", precision: "fp32", tolerance: FP32_TOLERANCE },
  { title: "tensorflow", backend: "tensorflow", precision: "fp32", tolerance: FP32_TOLERANCE },
  { title: "torch bf16", backend: "torch", precision: "bf16", tolerance: BF16_TOLERANCE },
];

/**
 * Measures a backend in a process of its own: LibTorch and TensorFlow don't share one.
 *
 * @throws {Error} with what the process said if the backend can't run here.
 */
export async function measureBackend({ backend, precision }: MeasuredBackend): Promise<Record<string, CaseErrors>> {
  const script = fileURLToPath(new URL("measure.ts", import.meta.url));
  const args = ["--conditions=@graticule/source", "--import", "tsx", script, backend, precision];
  const env = { ...process.env, ...tfjsNodeEnvironment() };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as Record<string, CaseErrors>;
}
