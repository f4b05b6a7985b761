import { type DataId, type DataType, type KernelConfig, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "../backend.js";
import { backendName } from "../define-kernel.js";
import {
  raggedGatherConfig,
  raggedRangeConfig,
  raggedTensorToTensorConfig,
  sparseFillEmptyRowsConfig,
  sparseReshapeConfig,
  staticRegexReplaceConfig,
  stringNGramsConfig,
  stringSplitConfig,
  stringToHashBucketFastConfig,
} from "../host-kernels.js";

type Values = Parameters<TorchBackend["makeTensorInfo"]>[2];

/** What a kernel of tfjs's cpu backend asks of its backend, answered by this one. */
function hostView(backend: TorchBackend) {
  return {
    data: { get: (dataId: DataId) => ({ values: backend.readSync(dataId) }) },
    makeTensorInfo(shape: number[], dtype: DataType, values: Values | string[]): TensorInfo {
      const stored =
        dtype === "string"
          ? Array.from(values as (string | Uint8Array)[], (text) =>
              typeof text === "string" ? util.encodeString(text) : text,
            )
          : (values as Values);
      return backend.makeTensorInfo(shape, dtype, stored);
    },
  };
}

/** A kernel of tfjs's cpu backend, run over the values of this backend's tensors. */
export function hostKernel({ kernelName, kernelFunc }: KernelConfig): KernelConfig {
  return {
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs = {}, backend }) =>
      kernelFunc({ inputs, attrs, backend: hostView(backend as TorchBackend) }),
  };
}

/** Kernels of strings, ragged tensors and the index lists of sparse ones, which LibTorch has no counterpart for. */
export const hostKernels: KernelConfig[] = [
  raggedGatherConfig,
  raggedRangeConfig,
  raggedTensorToTensorConfig,
  sparseFillEmptyRowsConfig,
  sparseReshapeConfig,
  staticRegexReplaceConfig,
  stringNGramsConfig,
  stringSplitConfig,
  stringToHashBucketFastConfig,
].map(hostKernel);
