import { expectation, ShapeError } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { recordingEngine, recordOnto } from "./engine.js";
import { registerGradients } from "./register-gradients.js";
import { Tape } from "./tape.js";
import { walkBack } from "./walk.js";

/**
 * Computes `f()` and the gradients of its value, giving up each activation as soon as the backward pass is done with it.
 *
 * `onGradient` gets each variable's gradient in the moment it is complete and owns it from there (the tensor is kept:
 * dispose it when done). Variables that `f` doesn't depend on get no call. If anything throws, also `onGradient` itself,
 * nothing stays alive but the gradients that earlier calls took.
 *
 * @returns the value of `f`, kept: dispose it when done.
 * @throws {RangeError} if `variables` is empty or has one twice, or the loss depends on none of them.
 * @throws {TypeError} if `f` doesn't return a tensor, a derivative is missing, or the call is inside another recording.
 * @throws {ShapeError} if the loss is not a scalar.
 */
export function backward(
  f: () => tf.Scalar,
  variables: readonly tf.Variable[],
  onGradient: (variable: tf.Variable, gradient: tf.Tensor) => void,
): tf.Scalar {
  checkVariables(variables);
  if (recordingEngine().isTapeOn())
    throw new TypeError(
      expectation(
        "backward",
        "a call outside of recorded code",
        "one inside another gradient",
        "Use tf.grad for second derivatives.",
      ),
    );
  registerGradients();
  const sources: ReadonlySet<tf.Variable> = new Set(variables);
  const tape = new Tape(sources);
  let loss: tf.Scalar | undefined;
  try {
    loss = tf.keep(recordOnto(tape, () => tf.tidy(() => checkLoss(f()).clone())));
    const steps = tape.stepsTo(loss);
    if (steps.length === 0)
      throw new RangeError(
        expectation(
          "backward",
          `a loss that depends on at least one of the ${variables.length} variables`,
          "one that depends on none",
          "Use the variables inside f, through differentiable operations.",
        ),
      );
    walkBack({
      steps,
      target: loss,
      seed: tf.onesLike(loss),
      sources,
      deliver: (source, gradient) => hand(source as tf.Variable, tf.keep(gradient), onGradient),
    });
    return loss;
  } catch (error) {
    loss?.dispose();
    throw error;
  } finally {
    tape.dispose();
  }
}

/**
 * Computes `f()` and its gradients, `null` for each variable that it doesn't depend on.
 *
 * The value and the gradients are kept: dispose them when done. Throws as `backward` does.
 */
export function valueAndGrad(
  f: () => tf.Scalar,
  variables: readonly tf.Variable[],
): { value: tf.Scalar; gradients: (tf.Tensor | null)[] } {
  const found = new Map<tf.Variable, tf.Tensor>();
  try {
    const value = backward(f, variables, (variable, gradient) => found.set(variable, gradient));
    return { value, gradients: variables.map((variable) => found.get(variable) ?? null) };
  } catch (error) {
    for (const gradient of found.values()) gradient.dispose();
    throw error;
  }
}

function hand(
  variable: tf.Variable,
  gradient: tf.Tensor,
  onGradient: (variable: tf.Variable, gradient: tf.Tensor) => void,
): void {
  try {
    onGradient(variable, gradient);
  } catch (error) {
    gradient.dispose();
    throw error;
  }
}

function checkVariables(variables: readonly tf.Variable[]): void {
  if (variables.length > 0 && new Set(variables).size === variables.length) return;
  const got = variables.length === 0 ? "none" : `${variables.length}, of which one is there twice`;
  throw new RangeError(
    expectation("backward", "a list of distinct variables", got, "Pass each parameter of the model once."),
  );
}

function checkLoss(loss: unknown): tf.Scalar {
  if (!(loss instanceof tf.Tensor))
    throw new TypeError(
      expectation("backward", "f to return a tensor", loss instanceof Promise ? "a Promise" : typeof loss),
    );
  if (loss.shape.length > 0)
    throw new ShapeError("backward", "a scalar loss []", `[${loss.shape}]`, "Reduce it with tf.mean or tf.sum.");
  return loss as tf.Scalar;
}
