import { runOperation } from "@graticule/autodiff";
import * as tf from "@tensorflow/tfjs-core";

/** Whether the active backend implements a kernel. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs a kernel of the active backend and returns all its outputs. */
export function runKernel(name: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap = {}): tf.Tensor[] {
  const outputs = tf.engine().runKernel(name, inputs, attrs) as tf.Tensor | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

export interface FusedDerivative {
  /** What the backward pass needs, out of the kernel's outputs and the op's inputs. */
  readonly saves: (outputs: readonly tf.Tensor[]) => tf.Tensor[];
  /** Gradients of the inputs, in their order; undefined is enough for one whose name is not wanted. */
  readonly gradients: (
    dy: tf.Tensor,
    saved: readonly tf.Tensor[],
    wanted: ReadonlySet<string>,
  ) => readonly (tf.Tensor | undefined)[];
  /** What the kernel reads beside the inputs, without a gradient. */
  readonly constants?: tf.NamedTensorMap;
}

/**
 * Runs a fused kernel as one differentiable operation with one output, the kernel's first.
 *
 * The kernel's other outputs exist for its derivative only. A gradient registered for the kernel itself would make tfjs
 * fill a tensor of zeros as the gradient of each of them, in every backward pass; an operation of our own doesn't.
 */
export function runFused(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
  { saves, gradients, constants = {} }: FusedDerivative,
): tf.Tensor {
  return runOperation({
    name,
    inputs,
    run: (save) => {
      const outputs = runKernel(name, { ...inputs, ...constants }, attrs);
      save(saves(outputs));
      return outputs[0] as tf.Tensor;
    },
    gradients: (dy, saved, wanted) => {
      const found = gradients(dy, saved, wanted);
      return Object.fromEntries(Object.keys(inputs).map((input, index) => [input, found[index]]));
    },
  });
}

/**
 * Runs a kernel whose derivative is registered under its name, so that each input's gradient is computed only where it
 * is asked for: for kernels of one output with an input that is mostly a constant.
 */
export function runLazily(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
  derivative: Omit<tf.GradConfig, "kernelName">,
): tf.Tensor {
  if (!tf.getGradient(name)) tf.registerGradient({ kernelName: name, ...derivative });
  return runKernel(name, inputs, attrs)[0] as tf.Tensor;
}
