import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type Addon, loadAddon } from "./addon.js";
import type { TorchBackend } from "./backend.js";
import { dtypesByCode } from "./dtype.js";
import { TorchKernelError, TorchOutOfMemoryError } from "./errors.js";

/** null stands for a tensor that the caller left out. */
export type Argument = number | boolean | string | TensorInfo | null | readonly (number | TensorInfo)[];

let shared: Float64Array = new Float64Array(1 << 16);
let indexOf: Map<string, number> | undefined;
let native: Addon;
let length = 0;

/** The addon, with the argument array bound to it. */
export function boundAddon(): Addon {
  if (!indexOf) {
    native = loadAddon();
    shared = native.bind(shared);
    indexOf = new Map(native.kernelNames().map((name, index) => [name, index]));
  }
  return native;
}

/** Runs a synchronous function with another addon in the bound one's place, such as one that times its calls. */
export function withAddon<T>(replacement: Addon, run: () => T): T {
  const plain = boundAddon();
  native = replacement;
  try {
    return run();
  } finally {
    native = plain;
  }
}

function kernelIndex(kernel: string): number {
  boundAddon();
  const index = indexOf?.get(kernel);
  if (index === undefined) throw new TorchKernelError(`torch ${kernel}: the addon has no such kernel. Rebuild it.`);
  return index;
}

function encodeTensor(tensor: TensorInfo, backend: TorchBackend): void {
  shared[length++] = backend.handleOf(tensor);
  const { shape } = tensor;
  const rank = shape.length;
  shared[length++] = rank;
  for (let i = 0; i < rank; i++) shared[length++] = shape[i] as number;
}

function encode(argument: Argument, backend: TorchBackend): void {
  if (typeof argument === "number") {
    shared[length++] = argument;
  } else if (typeof argument === "boolean") {
    shared[length++] = argument ? 1 : 0;
  } else if (argument === null) {
    shared[length++] = -1;
  } else if (typeof argument === "string") {
    shared[length++] = argument.length;
    for (let i = 0; i < argument.length; i++) shared[length++] = argument.charCodeAt(i);
  } else if ("dataId" in argument) {
    encodeTensor(argument, backend);
  } else {
    shared[length++] = argument.length;
    for (const item of argument) encode(item, backend);
  }
}

function runNative(index: number): number {
  if (length > shared.length) {
    throw new TorchKernelError(`torch: expected at most ${shared.length} argument numbers, got ${length}.`);
  }
  try {
    return native.run(index, length);
  } catch (cause) {
    throw asKernelError(cause);
  }
}

/** As src-native/allocator.cc and addon.h write it. */
const outOfMemory = /out of memory: (?:(\d+) bytes asked, )?(\d+) (?:bytes )?live/;

/** Wraps what the addon threw into the class that callers can react to. */
export function asKernelError(cause: unknown): TorchKernelError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const memory = outOfMemory.exec(message);
  if (!memory) return new TorchKernelError(message, { cause });
  const asked = memory[1] === undefined ? undefined : Number(memory[1]);
  return new TorchOutOfMemoryError(message, asked, Number(memory[2]), { cause });
}

/** Calls the addon outside of a kernel. */
export function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw asKernelError(cause);
  }
}

function decodeOutput(backend: TorchBackend): TensorInfo {
  const handle = shared[length++] as number;
  const dtype = dtypesByCode[shared[length++] as number] ?? "float32";
  const rank = shared[length++] as number;
  const shape = new Array<number>(rank);
  for (let i = 0; i < rank; i++) shape[i] = shared[length++] as number;
  return { dataId: backend.adopt(handle, dtype), shape, dtype };
}

/**
 * Makes a function that calls one native kernel; the kernel is looked up on the first call.
 *
 * @throws {TorchKernelError} when the kernel refuses its input.
 */
export function nativeKernel(kernel: string): (backend: TorchBackend, args: readonly Argument[]) => TensorInfo[] {
  let index = -1;
  return (backend, args) => {
    if (index < 0) index = kernelIndex(kernel);
    length = 0;
    for (const argument of args) encode(argument, backend);
    const count = runNative(index);
    length = 0;
    const outputs = new Array<TensorInfo>(count);
    for (let i = 0; i < count; i++) outputs[i] = decodeOutput(backend);
    return outputs;
  };
}

/** As `nativeKernel`, for kernels of tensors alone with one output: the short path for elementwise ops. */
export function nativeElementwise(
  kernel: string,
): (backend: TorchBackend, a: TensorInfo, b?: TensorInfo) => TensorInfo {
  let index = -1;
  return (backend, a, b) => {
    if (index < 0) index = kernelIndex(kernel);
    length = 0;
    encodeTensor(a, backend);
    if (b) encodeTensor(b, backend);
    runNative(index);
    length = 0;
    return decodeOutput(backend);
  };
}
