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

/** How a float32 tensor lies in memory; kernels take either. */
export type StoredFloat = "float32" | "bfloat16";

/** By dtypeOfCode of src-native/call.cc. */
const storedFloatCodes: Readonly<Record<StoredFloat, number>> = { float32: 0, bfloat16: 4 };

/**
 * Gives a released tensor memory again, of the dtype that it was stored in unless `stored` names another, and `values` as
 * its contents, of bfloat16 values or bits; without them the contents are undefined until something is written to
 * `dataPointer(tensor)`. Overwrites a tensor that is not released.
 *
 * @throws {RangeError} if `values` are not as many as the tensor has elements.
 * @throws {TorchOutOfMemoryError} if there is not enough memory; the tensor then stays released.
 */
export function restoreStorage(tensor: Tensor, values?: TypedArray | Uint16Array, stored?: StoredFloat): void {
  const handle = handleOf("restoreStorage", tensor);
  const expected = tensor.size * (tensor.dtype === "complex64" ? 2 : 1);
  if (values && values.length !== expected) {
    throw new RangeError(
      `restoreStorage: expected ${expected} values for shape [${tensor.shape}], got ${values.length}.`,
    );
  }
  if (stored && tensor.dtype !== "float32")
    throw new TypeError(`restoreStorage: expected a float32 tensor to be stored as ${stored}, got ${tensor.dtype}.`);
  if (values instanceof Uint16Array) checkBits("restoreStorage", stored);
  const contents = values instanceof Uint16Array ? values : values && toStored(values, tensor.dtype);
  attempt(() => boundAddon().restoreStorage(handle, contents ?? null, stored ? storedFloatCodes[stored] : null));
}

/**
 * A float32 tensor that is stored as told, from its row-major values or, of bfloat16, from their bits; a copy of them.
 *
 * @throws {TorchKernelError} if there are not as many as the shape has elements.
 * @throws {TorchOutOfMemoryError} if there is not enough memory.
 */
export function makeStoredTensor(
  shape: readonly number[],
  values: Float32Array | Uint16Array,
  stored: StoredFloat,
): Tensor {
  if (values instanceof Uint16Array) checkBits("makeStoredTensor", stored);
  const backend = activeBackend("makeStoredTensor");
  const dims = Float64Array.of(shape.length, ...shape);
  const handle = attempt(() => boundAddon().write(values, storedFloatCodes[stored], dims, false));
  const dataId = backend.adopt(handle, "float32");
  return engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype: "float32" }, backend);
}

/**
 * Lets a tensor, with all clones and reshaped views of it, lie in the memory of another one, from an element of that on:
 * its values and the dtype that they are stored in are what is there, and who writes to either changes both. The memory is
 * freed when no tensor that lies in it is left; `releaseStorage` takes a tensor out of it.
 *
 * @throws {TorchKernelError} if it does not fit there, or the other is released, disposed or itself placed in another.
 */
export function placeStorage(tensor: Tensor, within: Tensor, offset: number): void {
  const [handle, whole] = [handleOf("placeStorage", tensor), handleOf("placeStorage", within)];
  attempt(() => boundAddon().placeStorage(handle, whole, offset));
}

/**
 * Writes a tensor's values, in their order, over those of another with as many, converted to the dtype that it is stored in.
 *
 * @throws {TorchKernelError} if their sizes differ, or one is released or disposed.
 */
export function copyStorage(from: Tensor, to: Tensor): void {
  const [source, target] = [handleOf("copyStorage", from), handleOf("copyStorage", to)];
  attempt(() => boundAddon().copyStorage(source, target));
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

function checkBits(where: string, stored: StoredFloat | undefined): void {
  if (stored !== "bfloat16")
    throw new TypeError(`${where}: expected float32 values, or bits to be stored as bfloat16, got bits and ${stored}.`);
}

/** The native handle of a tensor of the active backend, which must be this one. */
export function handleOf(where: string, tensor: Tensor): number {
  return activeBackend(where).handleOf(tensor);
}

/** @throws {TorchKernelError} if another backend is active. */
export function activeBackend(where: string): TorchBackend {
  // Not instanceof: another copy of this package may have made the backend.
  if (engine().backendName === backendName) return engine().backend as TorchBackend;
  throw new TorchKernelError(`${where}: expected the active backend to be torch, got ${engine().backendName}.`);
}
