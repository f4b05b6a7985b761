import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.js";

type Call<A> = (inputs: Record<string, TensorInfo>, attrs: A, backend: TorchBackend) => TensorInfo | TensorInfo[];

/**
 * Lets a kernel that compares serve string tensors: it compares the strings' places in the sorted order of all of them.
 */
export function throughRanks(
  compare: (backend: TorchBackend, a: TensorInfo, b: TensorInfo) => TensorInfo,
): (backend: TorchBackend, a: TensorInfo, b: TensorInfo) => TensorInfo {
  return (backend, a, b) => {
    if (a.dtype !== "string" || b.dtype !== "string") return compare(backend, a, b);
    const [left, right] = [a, b].map((tensor) => backend.stringsOf(tensor).map((bytes) => util.decodeString(bytes)));
    const sorted = [...new Set([...left!, ...right!])].sort();
    const rankOf = new Map(sorted.map((text, rank) => [text, rank]));
    const ranks = (texts: string[]) => Int32Array.from(texts, (text) => rankOf.get(text)!);
    const [x, y] = [
      backend.makeTensorInfo(a.shape, "int32", ranks(left!)),
      backend.makeTensorInfo(b.shape, "int32", ranks(right!)),
    ];
    const result = compare(backend, x, y);
    backend.disposeIntermediate(x);
    backend.disposeIntermediate(y);
    return result;
  };
}

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
