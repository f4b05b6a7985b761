import type { MpiBuffer } from "@graticule/mpi";
import { dataPointer } from "@graticule/tfjs-backend-torch";
import { engine, keep, type Tensor, tensor } from "@tensorflow/tfjs-core";

/** A tensor's values where MPI can read and write them. */
export interface CollectiveBuffer {
  readonly buffer: MpiBuffer;
  /** The tensor with what is in the buffer now, kept; to be called once, when no operation uses the buffer any more. */
  finish(): Tensor;
}

/**
 * Makes a tensor a buffer of collectives and takes ownership of it. On the torch backend the buffer is the tensor's own
 * memory; from devices other than the CPU, and from other backends, it is a copy on the host.
 */
export function collectiveBuffer(values: Tensor): CollectiveBuffer {
  if (engine().backendName === "torch") {
    const pointer = dataPointer(values);
    if (pointer.device === "cpu") return { buffer: pointer, finish: () => keep(values) };
  }
  const copy = Float32Array.from(values.dataSync());
  const { shape } = values;
  values.dispose();
  return { buffer: copy, finish: () => keep(tensor(copy, shape, "float32")) };
}
