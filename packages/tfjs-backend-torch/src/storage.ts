import { engine, type Tensor, type TypedArray } from "@tensorflow/tfjs-core";
import type { DataPointer } from "./addon.js";
import type { TorchBackend } from "./backend.js";
import { backendName } from "./define-kernel.js";
import { TorchKernelError } from "./errors.js";
import { attempt, boundAddon } from "./kernel-call.js";
import { toStored } from "./stored-values.js";

/**
 * Frees the memory of a tensor, and of all clones and reshaped views of it, and keeps the tensor: a shard that others hold
 * whole, a weight that waits on disk. Until `restoreStorage` every use throws. Does nothing if it is already released.
 *
 * @throws {TorchKernelError} if the tensor is disposed, or of dtype string.
 */
export function releaseStorage(tensor: Tensor): void {
  const handle = handleOf("releaseStorage", tensor);
  attempt(() => boundAddon().releaseStorage(handle));
}

/**
 * Gives a released tensor memory again, of the dtype that it was stored in, and `values` as its contents; without them the
 * contents are undefined until something is written to `dataPointer(tensor)`. Overwrites a tensor that is not released.
 *
 * @throws {RangeError} if `values` are not as many as the tensor has elements.
 * @throws {TorchOutOfMemoryError} if there is not enough memory; the tensor then stays released.
 */
export function restoreStorage(tensor: Tensor, values?: TypedArray): void {
  const handle = handleOf("restoreStorage", tensor);
  const expected = tensor.size * (tensor.dtype === "complex64" ? 2 : 1);
  if (values && values.length !== expected) {
    throw new RangeError(
      `restoreStorage: expected ${expected} values for shape [${tensor.shape}], got ${values.length}.`,
    );
  }
  attempt(() => boundAddon().restoreStorage(handle, values ? toStored(values, tensor.dtype) : null));
}

/**
 * Where the tensor's values lie, for MPI and other native code; valid until the tensor is disposed or released. Values may
 * be written there: ask again before each time, since copies that the backend derived from the values are dropped then.
 *
 * @throws {TorchKernelError} if the tensor is disposed or released, or of dtype string.
 */
export function dataPointer(tensor: Tensor): DataPointer {
  const handle = handleOf("dataPointer", tensor);
  return attempt(() => boundAddon().dataPointer(handle));
}

function handleOf(where: string, tensor: Tensor): number {
  // Not instanceof: another copy of this package may have made the backend.
  if (engine().backendName === backendName) return (engine().backend as TorchBackend).handleOf(tensor);
  throw new TorchKernelError(`${where}: expected the active backend to be torch, got ${engine().backendName}.`);
}
