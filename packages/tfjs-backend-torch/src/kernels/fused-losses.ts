import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { type Inputs, kernel } from "../define-kernel.js";

function latitudeArgs({ prediction, target, latitudeWeights, variableWeights }: Inputs): TensorInfo[] {
  return [prediction!, target!, latitudeWeights!, variableWeights!];
}

/** Losses with their derivatives. */
export const fusedLossKernels: KernelConfig[] = [
  kernel<{ labelSmoothing: number }>("FusedSoftmaxCrossEntropy", {
    args: ({ logits, labels }, { labelSmoothing }) => [logits!, labels!, labelSmoothing],
  }),
  kernel("FusedLatitudeError", { args: latitudeArgs }),
  kernel("FusedLatitudeErrorGrad", { args: (inputs) => [inputs.dy!, ...latitudeArgs(inputs)] }),
];
