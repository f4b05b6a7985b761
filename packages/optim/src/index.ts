/**
 * AdamW, learning-rate schedules and gradient clipping.
 *
 * ```ts
 * import { clipCoefficient, globalNorm, makeAdamW, warmupCosine, weightDecayGroups } from "@graticule/optim";
 * const optimizer = makeAdamW({ groups: weightDecayGroups(model, 0.05), betas: [0.9, 0.95] });
 * const learningRate = warmupCosine({ baseLr: 1.5e-4, warmupSteps: 400, totalSteps: 10_000, minLr: 0 });
 * const gradScale = clipCoefficient(globalNorm(gradients.values()), 1);
 * for (const [path, gradient] of gradients) optimizer.apply(path, gradient, learningRate(step), gradScale);
 * optimizer.step();
 * ```
 */
export { type AdamW, type AdamWOptions, makeAdamW } from "./adam-w.js";
export type { AdamWState } from "./adam-w-state.js";
export { clipCoefficient, globalNorm } from "./gradient-clipping.js";
export { type LossScale, type LossScaler, type LossScalerOptions, makeLossScaler } from "./loss-scaler.js";
export type { NamedParameters, OptimizedParameter, ParameterGroup, StateStorage } from "./named-parameters.js";
export { scaleLearningRates } from "./scale-learning-rates.js";
export { type WarmupCosineOptions, warmupCosine } from "./warmup-cosine.js";
export { weightDecayGroups } from "./weight-decay-groups.js";
