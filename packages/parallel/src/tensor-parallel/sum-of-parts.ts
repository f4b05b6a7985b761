import { runOperation } from "@graticule/autodiff";
import type { Communicator } from "@graticule/mpi";
import { add, sum, type Tensor } from "@tensorflow/tfjs-core";
import { allGathered, allReduced, nearEqualCounts, reduceScattered } from "./exchange-tensors.js";

export interface SumOfParts {
  readonly bias?: Tensor | undefined;
  readonly residual?: Tensor | undefined;
  /** Whether each rank gets its tokens of the sum, dim 1, instead of all of it. */
  readonly isInSequence: boolean;
}

/**
 * The sum of all ranks' parts, a bias and a residual: what ends a layer that is cut by inputs. One operation, since a sum's
 * derivative needs none of the values: three would keep two tensors of the output's size until the backward pass.
 *
 * Shape: x `[B, N, M]`, bias `[M]`, residual of the output's shape → `[B, N or n, M]`, n this rank's tokens.
 */
export function sumOfParts(x: Tensor, group: Communicator, { bias, residual, isInSequence }: SumOfParts): Tensor {
  const counts = isInSequence ? nearEqualCounts(x.shape[1] as number, group.size) : [];
  return runOperation({
    name: "SumOfParts",
    inputs: { value: x, ...(bias && { bias }), ...(residual && { residual }) },
    run: () => {
      const total = isInSequence ? reduceScattered(x, 1, counts, group) : allReduced(x, group);
      const biased = bias ? add(total, bias) : total;
      return residual ? add(biased, residual) : biased;
    },
    gradients: (dy) => {
      const axes = dy.shape.slice(1).map((_, axis) => axis);
      const ofOwn = bias && sum(dy, axes);
      return {
        value: isInSequence ? allGathered(dy, 1, counts, group) : dy.clone(),
        // Each rank's gradient of the bias is that of its tokens.
        bias: ofOwn && (isInSequence ? allReduced(ofOwn, group) : ofOwn),
        residual: residual && dy.clone(),
      };
    },
  });
}
