import * as tf from "@tensorflow/tfjs-core";
import { moreGradients } from "./more-gradients.js";
import { tfjsGradients } from "./tfjs-gradients.js";

let registered = false;

/**
 * Registers the derivatives of tfjs-core's own kernels, which its npm package leaves to bundlers, and those that it lacks:
 * of einsum, gatherND, scatterND, tensorScatterUpdate, topk, cumprod and dilated convolutions. Derivatives that are
 * already there stay. `backward` and `recompute` call it, so only code that calls `tf.grad` or `tf.variableGrads` itself
 * needs to.
 */
export function registerGradients(): void {
  if (registered) return;
  for (const gradient of [...moreGradients, ...tfjsGradients])
    if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
  registered = true;
}
