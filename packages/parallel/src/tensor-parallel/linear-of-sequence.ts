import { runOperation } from "@graticule/autodiff";
import type { Communicator } from "@graticule/mpi";
import { linear } from "@graticule/ops";
import { matMul, reshape, sum, type Tensor, type Tensor2D } from "@tensorflow/tfjs-core";
import { allGathered, lengthsOf, reduceScattered } from "./exchange-tensors.js";

/**
 * A linear layer, cut by outputs, of the tokens of all ranks. Of the tokens only this rank's own are kept for the backward
 * pass, which gathers them again.
 *
 * Shape: x `[B, n, K]`, weight `[M, K]`, bias `[M]` → `[B, N, M]`, N the sum of the ranks' n.
 * Source: Korthikanti et al. 2022, §4.2.2, arXiv:2205.05198.
 */
export function linearOfSequence(x: Tensor, weight: Tensor, bias: Tensor | undefined, group: Communicator): Tensor {
  const counts = lengthsOf(x, 1, group);
  const gather = (own: Tensor): Tensor => allGathered(own, 1, counts, group);
  return runOperation({
    name: "LinearOfSequence",
    inputs: { tokens: x, weight, ...(bias && { bias }) },
    run: (save) => {
      save([x, weight]);
      return linear(gather(x), weight, bias);
    },
    gradients: (dy, [own, weight]) => {
      const [outFeatures, inFeatures] = (weight as Tensor).shape as [number, number];
      const dRows = reshape(dy, [-1, outFeatures]) as Tensor2D;
      const all = gather(own as Tensor);
      const dx = reshape(matMul(dRows, weight as Tensor2D), all.shape);
      return {
        tokens: reduceScattered(dx, 1, counts, group),
        weight: matMul(dRows, reshape(all, [-1, inFeatures]) as Tensor2D, true),
        bias: bias && sum(dRows, 0),
      };
    },
  });
}
