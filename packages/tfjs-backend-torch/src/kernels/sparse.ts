import {
  backend_util,
  type KernelConfig,
  type SparseToDenseAttrs,
  type TensorInfo,
  type UniqueAttrs,
  util,
} from "@tensorflow/tfjs-core";
import type { TorchBackend } from "../backend.js";
import { customKernel, type Inputs, readValues } from "../define-kernel.js";
import { TorchKernelError } from "../errors.js";
import { uniqueConfig } from "../host-kernels.js";
import { nativeKernel } from "../kernel-call.js";
import { throughIndices } from "../string-tensors.js";
import { hostKernel } from "./host.js";
import { scatterArgs, viewed } from "./indexing.js";

const update = nativeKernel("TensorScatterUpdate");
const broadcast = nativeKernel("BroadcastTo");
const segment = nativeKernel("SparseSegment");
const unique = nativeKernel("Unique");
const uniqueOnHost = hostKernel(uniqueConfig).kernelFunc;

function sparseToDense(inputs: Inputs, { outputShape }: SparseToDenseAttrs, backend: TorchBackend): TensorInfo {
  const { sparseIndices, sparseValues, defaultValue } = inputs;
  const { indices, updates, dims, sliceSize } = scatterArgs(sparseIndices!, sparseValues!, outputShape);
  const count = util.sizeFromShape(indices.shape.slice(0, 1));
  const table = [util.sizeFromShape(dims), sliceSize];
  const filled = broadcast(backend, [viewed(defaultValue!, []), table])[0]!;
  // One value may stand for all of them.
  const values = broadcast(backend, [
    viewed(sparseValues!, sparseValues!.shape.length ? updates.shape : []),
    [count, sliceSize],
  ])[0]!;
  const result = update(backend, [filled, indices, values, dims])[0]!;
  backend.disposeIntermediate(filled);
  backend.disposeIntermediate(values);
  return viewed(result, outputShape);
}

/**
 * The number of segments of `sparseSegmentSum` and `sparseSegmentMean`.
 *
 * @throws {TorchKernelError} in tfjs's words, if ids descend or are negative, or an index names no row.
 */
function countSegments(indices: ArrayLike<number>, ids: ArrayLike<number>, rows: number): number {
  const count = ids.length;
  const segments = count > 0 ? ids[count - 1]! + 1 : 0;
  const refuse = (message: string): never => {
    throw new TorchKernelError(message);
  };
  if (count > 0 && segments <= 0) refuse(backend_util.getSparseSegmentReductionNegativeSegmentIdsErrorMessage());
  for (let i = 0; i < count; i++) {
    const [id, next, index] = [ids[i]!, ids[i + 1] ?? segments, indices[i]!];
    if (next < id) refuse(backend_util.getSparseSegmentReductionNonIncreasingSegmentIdsErrorMessage());
    if (id < 0 || id >= segments) {
      refuse(backend_util.getSparseSegmentReductionSegmentIdOutOfRangeErrorMessage(id, segments));
    }
    if (index < 0 || index >= rows) {
      refuse(backend_util.getSparseSegmentReductionIndicesOutOfRangeErrorMessage(i, index, rows));
    }
  }
  return segments;
}

function sparseSegment(inputs: Inputs, mean: boolean, backend: TorchBackend): TensorInfo {
  const [data, indices, ids] = [inputs.data!, inputs.indices!, inputs.segmentIds!];
  const [rows, ...inner] = data.shape;
  if (rows === undefined) {
    throw new TorchKernelError("Data should be at least 1 dimensional but received scalar");
  }
  if (indices.shape.length !== 1 || ids.shape.length !== 1 || indices.shape[0] !== ids.shape[0]) {
    throw new TorchKernelError(
      `torch sparse segments: expected indices and segmentIds to be vectors of one length, got shapes ` +
        `[${indices.shape}] and [${ids.shape}].`,
    );
  }
  const segments = countSegments(readValues(backend, indices), readValues(backend, ids), rows);
  const flat = viewed(data, [rows, util.sizeFromShape(inner)]);
  return viewed(segment(backend, [flat, indices, ids, segments, mean])[0]!, [segments, ...inner]);
}

/** Sparse tensors, segments of rows, and what is left when repeated rows are dropped. */
export const sparseKernels: KernelConfig[] = [
  customKernel<SparseToDenseAttrs>("SparseToDense", throughIndices(sparseToDense)),
  customKernel("SparseSegmentSum", (inputs, _, backend) => sparseSegment(inputs, false, backend)),
  customKernel("SparseSegmentMean", (inputs, _, backend) => sparseSegment(inputs, true, backend)),
  customKernel<UniqueAttrs>("Unique", (inputs, attrs, backend) => {
    const x = inputs.x!;
    if (x.dtype === "string") return uniqueOnHost({ inputs, attrs: { ...attrs }, backend });
    return unique(backend, [x, util.parseAxisParam(attrs.axis, x.shape)[0]!]);
  }),
];
