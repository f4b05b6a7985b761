import * as tf from "@tensorflow/tfjs-core";
import { tfjsGradients } from "./tfjs-gradients.js";

let registered = false;

/**
 * Registers the derivatives of tfjs-core's own kernels, which its npm package leaves to bundlers; derivatives that are
 * already there stay. `backward` and `recompute` call it, so only code that calls `tf.grad` or `tf.variableGrads` itself
 * needs to.
 */
export function registerGradients(): void {
  if (registered) return;
  for (const gradient of tfjsGradients) if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
  registered = true;
}
