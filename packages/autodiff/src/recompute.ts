import { expectation } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { recordingEngine, recordOnto, type TapeNode, withoutRecording } from "./engine.js";
import { Recorder } from "./recorder.js";
import { registerGradients } from "./register-gradients.js";
import { Tape } from "./tape.js";
import { walkBack } from "./walk.js";

/**
 * Wraps `fn` so that its forward pass saves only its inputs; the backward pass runs it again to get at the rest
 * (activation checkpointing). Gradients reach the inputs and the variables that `fn` uses. Outside of a recording the
 * wrapped function just computes.
 *
 * `fn` must compute the same in both runs, and may otherwise use only tensors that don't depend on a variable and live
 * until the backward pass is over.
 *
 * Source: Chen et al. 2016, arXiv:1604.06174.
 *
 * @throws {TypeError} if `fn` doesn't return a tensor, uses a dependent tensor that is no input, or is differentiated twice.
 */
export function recompute<A extends tf.Tensor[]>(fn: (...inputs: A) => tf.Tensor): (...inputs: A) => tf.Tensor {
  const run = (inputs: A): tf.Tensor => tf.tidy(() => checkOutput(fn(...inputs)).clone());

  function gradientsOf(
    dy: tf.Tensor,
    saved: A,
    sources: ReadonlyMap<string, tf.Tensor>,
    names: readonly string[],
  ): Map<string, tf.Tensor> {
    if (recordingEngine().isTapeOn())
      throw new TypeError(expectation("recompute", "a first derivative", "a derivative of a derivative"));
    const wanted = new Map(names.map((name) => [sources.get(name) as tf.Tensor, name]));
    const gradients = new Map<string, tf.Tensor>();
    const tape = new Tape(wanted.keys());
    try {
      const output = recordOnto(tape, () => run(saved));
      const steps = tape.stepsTo(output);
      output.dispose();
      walkBack({
        steps,
        target: output,
        seed: dy.clone(),
        sources: new Set(wanted.keys()),
        deliver: (source, gradient) => gradients.set(wanted.get(source) as string, gradient),
      });
    } finally {
      tape.dispose();
    }
    for (const [source, name] of wanted) if (!gradients.has(name)) gradients.set(name, tf.zeros(source.shape));
    return gradients;
  }

  return (...inputs: A) => {
    const { state, isTapeOn } = bindEngine();
    if (!isTapeOn()) return run(inputs);
    registerGradients();
    const probe = new Probe(inputs);
    const tape = state.activeTape as TapeNode[];
    const output = probe.watch(() => run(inputs));
    checkCaptured(probe.captured, tape);

    const saved = withoutRecording(() => inputs.map((input) => tf.keep(input.clone()))) as A;
    const sources = new Map<string, tf.Tensor>(saved.map((input, index) => [`${index}`, input]));
    const recorded: Record<string, tf.Tensor> = Object.fromEntries(inputs.map((input, index) => [`${index}`, input]));
    for (const variable of probe.variables) {
      sources.set(`variable ${variable.name}`, variable);
      recorded[`variable ${variable.name}`] = variable;
    }
    const gradientsOfNames = (dys: (tf.Tensor | null)[], names: readonly string[]) =>
      gradientsOf(dys[0] as tf.Tensor, saved, sources, names);
    tape.push({
      id: state.nextTapeNodeId++,
      kernelName: "Recompute",
      inputs: recorded,
      outputs: [output],
      saved,
      gradientsOf: gradientsOfNames,
      gradient: (dys) => {
        const gradients = gradientsOfNames(dys, Object.keys(recorded));
        return Object.fromEntries(Array.from(gradients, ([name, gradient]) => [name, () => gradient]));
      },
    });
    return output;
  };
}

function bindEngine() {
  const engine = recordingEngine();
  return { state: engine.state, isTapeOn: () => engine.isTapeOn() };
}

/** Sees which variables and outside tensors a function uses, and keeps nothing. */
class Probe extends Recorder {
  readonly variables = new Set<tf.Variable>();
  readonly captured = new Set<tf.Tensor>();
  readonly #inside: Set<number>;

  constructor(inputs: readonly tf.Tensor[]) {
    super();
    this.#inside = new Set(inputs.map((input) => input.id));
  }

  watch<T>(f: () => T): T {
    try {
      return recordOnto(this, f);
    } finally {
      this.dispose();
    }
  }

  protected override wants(node: TapeNode): boolean {
    for (const input of Object.values(node.inputs)) {
      if (input == null || this.#inside.has(input.id)) continue;
      if (input instanceof tf.Variable) this.variables.add(input);
      else this.captured.add(input);
    }
    for (const output of node.outputs) this.#inside.add(output.id);
    return false;
  }
}

function checkOutput(output: unknown): tf.Tensor {
  if (output instanceof tf.Tensor) return output;
  throw new TypeError(
    expectation("recompute", "fn to return a tensor", Array.isArray(output) ? "an array" : typeof output),
  );
}

/** A tensor from outside would be freed before the backward pass, and its gradient would be lost. */
function checkCaptured(captured: ReadonlySet<tf.Tensor>, tape: readonly TapeNode[]): void {
  for (const tensor of captured)
    if (tape.some((node) => node.outputs.some((output) => output.id === tensor.id)))
      throw new TypeError(
        expectation(
          "recompute",
          "fn to use only its inputs and variables",
          `a tensor [${tensor.shape}] that was computed outside`,
          "Pass it to fn as an input.",
        ),
      );
}
