import type { NamedParameters, OptimizedParameter, ParameterGroup } from "./named-parameters.js";

/**
 * Splits the trainable parameters in two groups: matrices decay, biases and everything of at most one dim don't. Class
 * and mask tokens are `[1, 1, D]` and do decay, as in MAE.
 *
 * Source: timm `param_groups_weight_decay`, which MAE pre-trains with (He et al. 2022, arXiv:2111.06377).
 */
export function weightDecayGroups(
  model: { namedParameters(): NamedParameters },
  weightDecay: number,
): [decayed: ParameterGroup, free: ParameterGroup] {
  const decayed: [string, OptimizedParameter][] = [];
  const free: [string, OptimizedParameter][] = [];
  for (const [path, parameter] of model.namedParameters()) {
    if (!parameter.trainable) continue;
    const isFree = parameter.shape.length <= 1 || path.endsWith(".bias");
    (isFree ? free : decayed).push([path, parameter]);
  }
  return [
    { parameters: decayed, weightDecay },
    { parameters: free, weightDecay: 0 },
  ];
}
