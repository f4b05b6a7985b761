import { customGrad, gather, reshape, scatterND, type Tensor, tensor1d } from "@tensorflow/tfjs-core";

/**
 * Rows of a matrix by their numbers, any number of times each. The gradient is a scatter, which every backend has.
 *
 * Shape: `[V, D]`, n numbers below V → `[n, D]`.
 */
export function gatherRows(weight: Tensor, numbers: Int32Array): Tensor {
  const picked = customGrad((matrix) => ({
    value: gather(matrix as Tensor, tensor1d(numbers, "int32")),
    gradFunc: (dy) => {
      const indices = reshape(tensor1d(numbers, "int32"), [numbers.length, 1]);
      return scatterND(indices, dy, weight.shape as [number, number]);
    },
  }));
  return picked(weight);
}
