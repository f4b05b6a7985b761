import {
  type _FusedMatMulAttrs,
  type BatchMatMulAttrs,
  backend_util,
  type EinsumAttrs,
  type KernelConfig,
  type Tensor,
} from "@tensorflow/tfjs-core";
import { kernel } from "../define-kernel.js";
import { TorchKernelError } from "../errors.js";

/** Order as in src-native/activation.h. */
const activations = ["linear", "relu", "relu6", "elu", "prelu", "leakyrelu", "sigmoid"];

/** @throws {TorchKernelError} for an activation that tfjs does not name. */
export function activationCode(activation: string | null | undefined): number {
  const code = activations.indexOf(activation ?? "linear");
  if (code < 0) {
    throw new TorchKernelError(`torch: expected activation ${activations.join(", ")}, got ${activation}.`);
  }
  return code;
}

/** Matrix products. */
export const matmulKernels: KernelConfig[] = [
  kernel<BatchMatMulAttrs>("BatchMatMul", {
    args: ({ a, b }, { transposeA, transposeB }) => [a!, b!, Boolean(transposeA), Boolean(transposeB)],
  }),
  kernel<_FusedMatMulAttrs>("_FusedMatMul", {
    args: ({ a, b, bias, preluActivationWeights }, { transposeA, transposeB, activation, leakyreluAlpha }) => [
      a!,
      b!,
      bias ?? null,
      preluActivationWeights ?? null,
      Boolean(transposeA),
      Boolean(transposeB),
      activationCode(activation),
      leakyreluAlpha ?? 0.2,
    ],
  }),
  kernel<EinsumAttrs>("Einsum", {
    args: (inputs, { equation }) => {
      const operands = Object.values(inputs);
      const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, operands.length);
      backend_util.checkEinsumDimSizes(allDims.length, idDims, operands as Tensor[]);
      return [operands, equation.replace(/\s/g, "")];
    },
  }),
];
