import { engine, type Tensor } from "@tensorflow/tfjs-core";
import { attempt, boundAddon } from "./kernel-call.js";
import { activeBackend, handleOf } from "./storage.js";

/**
 * A float32 vector of zeros whose memory is a file without a name in a folder: its pages come from the disk when they are
 * used and go there when memory is short, or when `evictStorage` says so; tensors that `placeStorage` puts into it as well.
 * `liveBytes` does not count it. The file is gone with the tensor, or with the process, however that ends.
 *
 * Shape: `[length]`.
 *
 * It lies on the CPU, whatever the device is; `copyStorage` brings its values to a device and back.
 *
 * @throws {TorchKernelError} if the folder is not there or the disk is full, naming folder and bytes.
 */
export function makeFileTensor(folder: string, length: number): Tensor {
  return adopt("makeFileTensor", length, () => boundAddon().writeInFile(folder, length));
}

/**
 * A float32 vector of zeros in the host's memory, page-locked where the device is a GPU: state that waits there.
 * `copyStorage` brings its values to the device and back.
 *
 * Shape: `[length]`.
 *
 * @throws {TorchOutOfMemoryError} if there is not enough memory.
 */
export function makeHostTensor(length: number): Tensor {
  return adopt("makeHostTensor", length, () => boundAddon().writeInHostMemory(length));
}

function adopt(where: string, length: number, make: () => number): Tensor {
  const backend = activeBackend(where);
  const handle = attempt(make);
  const dataId = backend.adopt(handle, "float32");
  return engine().makeTensorFromTensorInfo({ dataId, shape: [length], dtype: "float32" }, backend);
}

/** Begins to read the pages of a tensor in a file, in a thread. Does nothing for other tensors. */
export function fetchStorage(tensor: Tensor): void {
  const handle = handleOf("fetchStorage", tensor);
  attempt(() => boundAddon().fetchStorage(handle));
}

/**
 * Begins to write the changed pages of a tensor in a file, in a thread, and gives the memory of all of them back. Using the
 * tensor meanwhile is right and costs time alone. Does nothing for other tensors.
 */
export function evictStorage(tensor: Tensor): void {
  const handle = handleOf("evictStorage", tensor);
  attempt(() => boundAddon().evictStorage(handle));
}

/**
 * Waits until at most so many evictions are under way.
 *
 * @throws {TorchKernelError} if one could not be written.
 */
export function awaitEvictions(pending = 0): void {
  attempt(() => boundAddon().awaitEvictions(pending));
}
