import * as tf from "@tensorflow/tfjs-core";
import { checkShape } from "./check-shape.js";
import { hasKernel, runKernel } from "./fused.js";

export interface AdamWHyper {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: the parameter shrinks by learningRate · weightDecay. */
  readonly weightDecay: number;
  /** Number of this update, from 1; corrects the moments' start at zero. */
  readonly step: number;
  /** Multiplies the gradient: clipping and loss scaling at no cost. */
  readonly gradScale: number;
}

/**
 * One AdamW update of a parameter and its two moments, in place. The gradient is only read and stays the caller's.
 *
 * Where the backend has the kernel `FusedAdamW` the storage itself changes, so a tensor that shares it (a `clone()`)
 * changes along.
 *
 * Shape: all four alike.
 * Source: Loshchilov and Hutter 2019, algorithm 2, arXiv:1711.05101; epsilon as in PyTorch's `AdamW`.
 *
 * @throws {ShapeError} if the gradient or a moment has another shape than the parameter.
 */
export function adamW(
  param: tf.Variable,
  gradient: tf.Tensor,
  firstMoment: tf.Variable,
  secondMoment: tf.Variable,
  hyper: AdamWHyper,
): void {
  checkShape("adamW", "gradient", gradient, param.shape);
  checkShape("adamW", "firstMoment", firstMoment, param.shape);
  checkShape("adamW", "secondMoment", secondMoment, param.shape);
  if (hasKernel("FusedAdamW"))
    runKernel("FusedAdamW", { param, grad: gradient, firstMoment, secondMoment }, { ...hyper });
  else composedAdamW(param, gradient, firstMoment, secondMoment, hyper);
}

export function composedAdamW(
  param: tf.Variable,
  gradient: tf.Tensor,
  firstMoment: tf.Variable,
  secondMoment: tf.Variable,
  { learningRate, beta1, beta2, epsilon, weightDecay, step, gradScale }: AdamWHyper,
): void {
  tf.tidy(() => {
    const scaled = tf.mul(gradient, gradScale);
    firstMoment.assign(tf.add(tf.mul(firstMoment, beta1), tf.mul(scaled, 1 - beta1)));
    secondMoment.assign(tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(scaled), 1 - beta2)));
    const deviation = tf.sqrt(tf.div(secondMoment, 1 - beta2 ** step));
    const direction = tf.div(tf.div(firstMoment, 1 - beta1 ** step), tf.add(deviation, epsilon));
    const decayed = tf.mul(param, 1 - learningRate * weightDecay);
    param.assign(tf.sub(decayed, tf.mul(direction, learningRate)));
  });
}
