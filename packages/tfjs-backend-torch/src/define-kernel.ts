import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.js";
import { type Argument, nativeElementwise, nativeKernel } from "./kernel-call.js";
import { throughIndices, throughRanks } from "./string-tensors.js";

export const backendName = "torch";

export type Inputs = Record<string, TensorInfo>;

/** A kernel that compares two tensors, of numbers or of strings. */
export function comparisonKernel(name: string): KernelConfig {
  const run = throughRanks(nativeElementwise(name));
  return {
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, backend }) => run(backend as TorchBackend, inputs.a as TensorInfo, inputs.b as TensorInfo),
  };
}

/** A kernel written in TypeScript: it moves no numbers itself, or reads them back for what LibTorch lacks. */
export function customKernel<A = object>(
  name: string,
  run: (inputs: Inputs, attrs: A, backend: TorchBackend) => TensorInfo | TensorInfo[],
): KernelConfig {
  return {
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => run(inputs as Inputs, attrs as A, backend as TorchBackend),
  };
}

/** An elementwise kernel of one or two inputs and no attributes. */
export function elementwiseKernel(name: string, first: string, second?: string): KernelConfig {
  const run = nativeElementwise(name);
  return {
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, backend }) => {
      const a = inputs[first] as TensorInfo;
      return run(backend as TorchBackend, a, second === undefined ? undefined : (inputs[second] as TensorInfo));
    },
  };
}

interface KernelOptions<A> {
  /** Native arguments of a call, in the order in which the native kernel reads them. */
  readonly args: (inputs: Inputs, attrs: A) => readonly Argument[];
  /** Native kernel, where its name differs from the tfjs kernel. */
  readonly native?: string;
  /** The shape to give the output, where the native kernel works on another one. */
  readonly outputShape?: (inputs: Inputs, attrs: A) => number[];
  /** Returns a list also where there is one output. */
  readonly listOutput?: boolean;
  /** Moves elements without looking at them, so it also serves string tensors. */
  readonly movesOnly?: boolean;
}

/** A kernel that hands its arguments to a native one. */
export function kernel<A = object>(name: string, options: KernelOptions<A>): KernelConfig {
  const run = nativeKernel(options.native ?? name);
  const call = (inputs: Inputs, attrs: A, backend: TorchBackend): TensorInfo | TensorInfo[] => {
    const outputs = run(backend, options.args(inputs, attrs));
    if (options.listOutput || outputs.length !== 1) return outputs;
    const output = outputs[0] as TensorInfo;
    return options.outputShape ? { ...output, shape: options.outputShape(inputs, attrs) } : output;
  };
  const kernelFunc = options.movesOnly ? throughIndices(call) : call;
  return {
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) =>
      kernelFunc(inputs as Inputs, attrs as unknown as A, backend as TorchBackend),
  };
}

/** Values of a tensor, where a kernel's result has a shape that depends on them. */
export function readValues(backend: TorchBackend, tensor: TensorInfo): Float32Array | Int32Array | Uint8Array {
  return backend.readSync(tensor.dataId) as Float32Array | Int32Array | Uint8Array;
}
