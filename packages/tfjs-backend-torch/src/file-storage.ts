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
 * @throws {TorchKernelError} if the folder is not there or the disk is full, naming folder and bytes; or not on the CPU.
 */
export function makeFileTensor(folder: string, length: number): Tensor {
  const backend = activeBackend("makeFileTensor");
  const handle = attempt(() => boundAddon().writeInFile(folder, length));
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
