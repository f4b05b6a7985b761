import type { MpiBuffer, NativeMemory } from "@graticule/mpi";
import { dataPointer } from "@graticule/tfjs-backend-torch";
import { engine, keep, type Tensor, tensor } from "@tensorflow/tfjs-core";

/** A tensor's values where MPI can read and write them. */
export interface CollectiveBuffer {
  readonly buffer: MpiBuffer;
  /** The tensor with what is in the buffer now, kept; to be called once, when no operation uses the buffer any more. */
  finish(): Tensor;
}

/** A tensor's own memory, where collectives reach it: on the torch backend, on the CPU and GPUs. */
export function ownMemory(values: Tensor): NativeMemory | undefined {
  if (engine().backendName !== "torch") return undefined;
  const pointer = dataPointer(values);
  return /^(cpu|cuda|hip)/.test(pointer.device) ? pointer : undefined;
}

/**
 * Makes a tensor a buffer of collectives and takes ownership of it. The buffer is the tensor's own memory where collectives
 * reach that, and a copy on the host elsewhere.
 */
export function collectiveBuffer(values: Tensor): CollectiveBuffer {
  const memory = ownMemory(values);
  if (memory) return { buffer: memory, finish: () => keep(values) };
  const copy = Float32Array.from(values.dataSync());
  const { shape } = values;
  values.dispose();
  return { buffer: copy, finish: () => keep(tensor(copy, shape, "float32")) };
}
