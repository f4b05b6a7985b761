import {
  type KernelConfig,
  kernel_impls,
  type NonMaxSuppressionV3Attrs,
  type NonMaxSuppressionV4Attrs,
  type NonMaxSuppressionV5Attrs,
  type TensorInfo,
  type TypedArray,
} from "@tensorflow/tfjs-core";
import type { TorchBackend } from "../backend.js";
import { customKernel, type Inputs, readValues } from "../define-kernel.js";

const boxesAndScores = ({ boxes, scores }: Inputs, backend: TorchBackend): [TypedArray, TypedArray] => [
  readValues(backend, boxes!),
  readValues(backend, scores!),
];

const vector = (backend: TorchBackend, values: Int32Array): TensorInfo =>
  backend.makeTensorInfo([values.length], "int32", values);

/** Non-maximum suppression: a sequential choice over a few boxes, done by tfjs's own code. */
export const detectionKernels: KernelConfig[] = [
  customKernel<NonMaxSuppressionV3Attrs>("NonMaxSuppressionV3", (inputs, attrs, backend) => {
    const { maxOutputSize, iouThreshold, scoreThreshold } = attrs;
    const [boxes, scores] = boxesAndScores(inputs, backend);
    const chosen = kernel_impls.nonMaxSuppressionV3Impl(boxes, scores, maxOutputSize, iouThreshold, scoreThreshold);
    return vector(backend, Int32Array.from(chosen.selectedIndices));
  }),
  customKernel<NonMaxSuppressionV4Attrs>("NonMaxSuppressionV4", (inputs, attrs, backend) => {
    const { maxOutputSize, iouThreshold, scoreThreshold, padToMaxOutputSize } = attrs;
    const [boxes, scores] = boxesAndScores(inputs, backend);
    const { selectedIndices, validOutputs } = kernel_impls.nonMaxSuppressionV4Impl(
      boxes,
      scores,
      maxOutputSize,
      iouThreshold,
      scoreThreshold,
      padToMaxOutputSize,
    );
    const valid = backend.makeTensorInfo([], "int32", Int32Array.of(validOutputs!));
    return [vector(backend, Int32Array.from(selectedIndices)), valid];
  }),
  customKernel<NonMaxSuppressionV5Attrs>("NonMaxSuppressionV5", (inputs, attrs, backend) => {
    const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma } = attrs;
    const [boxes, scores] = boxesAndScores(inputs, backend);
    const { selectedIndices, selectedScores } = kernel_impls.nonMaxSuppressionV5Impl(
      boxes,
      scores,
      maxOutputSize,
      iouThreshold,
      scoreThreshold,
      softNmsSigma,
    );
    const kept = Float32Array.from(selectedScores!);
    return [vector(backend, Int32Array.from(selectedIndices)), backend.makeTensorInfo([kept.length], "float32", kept)];
  }),
];
