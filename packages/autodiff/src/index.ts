/**
 * Gradients that give up activations as they go.
 *
 * ```ts
 * import { backward, recompute } from "@graticule/autodiff";
 * const block = recompute((tokens) => model.blocks[0].forward(tokens));
 * const loss = backward(() => lossOf(block(x)), variables, (variable, gradient) => {
 *   apply(variable, gradient);
 *   gradient.dispose();
 * });
 * ```
 */
export { backward, valueAndGrad } from "./backward.js";
export { type Operation, runOperation } from "./operation.js";
export { recompute } from "./recompute.js";
export { registerGradients } from "./register-gradients.js";
