import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.js";

type Call<A> = (inputs: Record<string, TensorInfo>, attrs: A, backend: TorchBackend) => TensorInfo | TensorInfo[];

/**
 * Lets a kernel that only moves elements serve string tensors: it moves the strings' numbers, and the strings follow.
 */
export function throughIndices<A>(call: Call<A>): Call<A> {
  return (inputs, attrs, backend) => {
    if (!Object.values(inputs).some((input) => input?.dtype === "string")) return call(inputs, attrs, backend);
    const strings: Uint8Array[] = [];
    const temporary: TensorInfo[] = [];
    const numbered = Object.entries(inputs).map(([name, input]) => {
      if (input.dtype !== "string") return [name, input] as const;
      const own = backend.stringsOf(input);
      const indices = Int32Array.from(own, (_, i) => strings.length + i);
      strings.push(...own);
      const tensor = backend.makeTensorInfo(input.shape, "int32", indices);
      temporary.push(tensor);
      return [name, tensor] as const;
    });
    // Kernels of a list (Concat, Pack) get an array-like; Object.values keeps its order.
    const moved = call(Object.fromEntries(numbered), attrs, backend);
    const restored = [moved].flat().map((output) => {
      const indices = backend.readSync(output.dataId) as Int32Array;
      const values = Array.from(indices, (index) => strings[index] as Uint8Array);
      backend.disposeIntermediate(output);
      return backend.makeTensorInfo(output.shape, "string", values);
    });
    for (const tensor of temporary) backend.disposeIntermediate(tensor);
    return Array.isArray(moved) ? restored : (restored[0] as TensorInfo);
  };
}
