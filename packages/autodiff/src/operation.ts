import * as tf from "@tensorflow/tfjs-core";
import { type RecordingEngine, recordingEngine, withoutRecording } from "./engine.js";
import { Tape } from "./tape.js";

/** A differentiable operation of our own. */
export interface Operation {
  /** For error messages and profiles. */
  readonly name: string;
  /** What it is differentiated by. */
  readonly inputs: tf.NamedTensorMap;
  /**
   * Computes the output; what it hands to `save` stays until the backward pass has used it. `wanted` are the inputs whose
   * gradients will be asked for at most, so that nothing is kept for those of frozen weights.
   */
  readonly run: (save: (tensors: readonly tf.Tensor[]) => void, wanted: ReadonlySet<string>) => tf.Tensor;
  /** Gradients by input's name; those of other inputs than the wanted ones may be left out. */
  readonly gradients: (
    dy: tf.Tensor,
    saved: readonly tf.Tensor[],
    wanted: ReadonlySet<string>,
  ) => Readonly<Record<string, tf.Tensor | undefined>>;
}

/**
 * Runs an operation with its own derivative, like `tf.customGrad`, which is also told whose gradients are asked for: the
 * gradient of images that are data costs nothing then.
 */
export function runOperation({ name, inputs, run, gradients }: Operation): tf.Tensor {
  const engine = recordingEngine();
  if (!engine.isTapeOn()) return tf.tidy(() => run(() => {}, new Set()).clone());
  let saved: tf.Tensor[] = [];
  const keep = (tensors: readonly tf.Tensor[]): void => {
    saved = tensors.map((tensor) => tf.keep(tensor.clone()));
  };
  const { state } = engine;
  const wanted = new Set(dependentInputs(inputs, state));
  const output = withoutRecording(() => tf.tidy(() => run(keep, wanted).clone()));
  const gradientsOf = (dys: (tf.Tensor | null)[], names: readonly string[]) => {
    const found = Object.entries(gradients(dys[0] as tf.Tensor, saved, new Set(names)));
    return new Map(found.filter((entry): entry is [string, tf.Tensor] => entry[1] !== undefined));
  };
  state.activeTape?.push({
    id: state.nextTapeNodeId++,
    kernelName: name,
    inputs,
    outputs: [output],
    saved,
    gradientsOf,
    gradient: (dys) => {
      const found = gradientsOf(dys, Object.keys(inputs));
      return Object.fromEntries(Array.from(found, ([input, gradient]) => [input, () => gradient]));
    },
  });
  return output;
}

/** The inputs that a gradient can come back to; all of them where tfjs itself differentiates. */
function dependentInputs(
  inputs: tf.NamedTensorMap,
  { activeTape, gradientDepth }: RecordingEngine["state"],
): readonly string[] {
  const names = Object.keys(inputs);
  if (!(activeTape instanceof Tape) || gradientDepth > 1) return names;
  return names.filter((name) => activeTape.dependsOnSource(inputs[name]));
}
