import type { OptimizedParameter, ParameterGroup } from "./named-parameters.js";

/**
 * Splits groups so that each parameter learns at a rate of its own, by its path: 1 is the run's. For layer-wise decay and
 * new heads.
 */
export function scaleLearningRates(
  groups: readonly ParameterGroup[],
  scaleOf: (path: string) => number,
): ParameterGroup[] {
  return groups.flatMap(({ parameters, weightDecay, learningRateScale = 1 }) => {
    const byScale = new Map<number, (readonly [string, OptimizedParameter])[]>();
    for (const entry of parameters) {
      const scale = learningRateScale * scaleOf(entry[0]);
      byScale.set(scale, [...(byScale.get(scale) ?? []), entry]);
    }
    return Array.from(byScale, ([scale, own]) => ({ parameters: own, weightDecay, learningRateScale: scale }));
  });
}
