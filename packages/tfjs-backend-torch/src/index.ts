/**
 * TensorFlow.js on LibTorch.
 *
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { memoryStats, setPrecision } from "@graticule/tfjs-backend-torch"; // registers backend "torch"
 *
 * await tf.setBackend("torch");
 * setPrecision("bf16");
 * const y = tf.matMul(tf.randomNormal([512, 512]), tf.randomNormal([512, 512]));
 * console.log(memoryStats().liveBytes);
 * ```
 */
import { registerTorchBackend } from "./register.js";

export { type DataPointer, isAddonBuilt, type LivePeakBytes } from "./addon.js";
export { TorchKernelError, TorchOutOfMemoryError } from "./errors.js";
export { awaitEvictions, evictStorage, fetchStorage, makeFileTensor, makeHostTensor } from "./file-storage.js";
export {
  type MemoryStats,
  memoryStats,
  releaseCachedBytes,
  resetPeakBytes,
  setCacheLimit,
  setMemoryLimit,
  withMemoryTag,
} from "./memory.js";
export { modelFile } from "./model-file.js";
export { type KernelProfile, type KernelTime, profileKernels } from "./profile-kernels.js";
export { registerTorchBackend } from "./register.js";
export {
  getDevice,
  getPrecision,
  getThreads,
  loadTorch,
  type Precision,
  setDevice,
  setPrecision,
  setThreads,
  type TorchInfo,
  torchInfo,
} from "./settings.js";
export {
  copyStorage,
  dataPointer,
  makeStoredTensor,
  placeStorage,
  releaseStorage,
  restoreStorage,
  type StoredFloat,
} from "./storage.js";

registerTorchBackend();
