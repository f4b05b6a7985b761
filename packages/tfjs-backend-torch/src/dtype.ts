import type { DataType } from "@tensorflow/tfjs-core";
import { TorchKernelError } from "./errors.js";

const codes: Partial<Record<DataType, number>> = { float32: 0, int32: 1, bool: 2, complex64: 3 };

/** tfjs dtypes by the code that a kernel writes beside each output; bf16 and fp16 storage is float32 to tfjs. */
export const dtypesByCode: readonly DataType[] = ["float32", "int32", "bool", "complex64", "float32", "float32"];

/** @throws {TorchKernelError} for a dtype that LibTorch does not hold for us, such as string. */
export function dtypeCode(dtype: DataType): number {
  const code = codes[dtype];
  if (code === undefined) {
    throw new TorchKernelError(`torch: expected dtype float32, int32, bool or complex64, got ${dtype}.`);
  }
  return code;
}
