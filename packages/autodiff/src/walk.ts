import { expectation } from "@graticule/core";
import * as tf from "@tensorflow/tfjs-core";
import { recordingEngine, type TapeNode } from "./engine.js";
import { freeSaved } from "./recorder.js";
import type { Step } from "./tape.js";

export interface Walk {
  readonly steps: readonly Step[];
  readonly target: tf.Tensor;
  /** Gradient of the target; the walk takes ownership. */
  readonly seed: tf.Tensor;
  readonly sources: ReadonlySet<tf.Tensor>;
  /** Takes ownership of the gradient of a source, as soon as no step can add to it. */
  readonly deliver: (source: tf.Tensor, gradient: tf.Tensor) => void;
}

/**
 * Walks the steps in reverse, from the target to the sources, and frees each step's saved tensors and the gradients of
 * its outputs before it takes the next.
 */
export function walkBack({ steps, target, seed, sources, deliver }: Walk): void {
  const sourceById = new Map(Array.from(sources, (source) => [source.id, source]));
  const usesLeft = countUses(steps, sourceById);
  const gradients = new Map<number, tf.Tensor>([[target.id, seed]]);
  try {
    for (let index = steps.length - 1; index >= 0; index--) {
      const { node, inputNames } = steps[index] as Step;
      const dys = node.outputs.map((output) => take(gradients, output.id));
      try {
        const dxs = differentiate(node, inputNames, dys);
        for (const [position, name] of inputNames.entries())
          accumulate(gradients, (node.inputs[name] as tf.Tensor).id, dxs[position] as tf.Tensor);
      } finally {
        for (const dy of dys) dy?.dispose();
        freeSaved(node);
      }
      for (const name of inputNames) {
        const { id } = node.inputs[name] as tf.Tensor;
        const left = (usesLeft.get(id) ?? 0) - 1;
        usesLeft.set(id, left);
        if (left === 0) deliver(sourceById.get(id) as tf.Tensor, take(gradients, id) as tf.Tensor);
      }
    }
  } finally {
    for (const gradient of gradients.values()) gradient.dispose();
  }
}

function countUses(steps: readonly Step[], sourceById: ReadonlyMap<number, tf.Tensor>): Map<number, number> {
  const uses = new Map<number, number>();
  for (const { node, inputNames } of steps)
    for (const name of inputNames) {
      const { id } = node.inputs[name] as tf.Tensor;
      if (sourceById.has(id)) uses.set(id, (uses.get(id) ?? 0) + 1);
    }
  return uses;
}

function take(gradients: Map<number, tf.Tensor>, id: number): tf.Tensor | null {
  const gradient = gradients.get(id) ?? null;
  gradients.delete(id);
  return gradient;
}

function accumulate(gradients: Map<number, tf.Tensor>, id: number, dx: tf.Tensor): void {
  const before = gradients.get(id);
  gradients.set(id, before ? tf.add(before, dx) : dx);
  if (before) {
    before.dispose();
    dx.dispose();
  }
}

/** Gradients of the named inputs, one new tensor each, whatever the derivative returned: `dy` itself, a saved tensor, one tensor twice. */
function differentiate(node: TapeNode, names: readonly string[], dys: (tf.Tensor | null)[]): tf.Tensor[] {
  const { gradient, gradientsOf, kernelName } = node;
  if (!gradient)
    throw new TypeError(
      expectation("backward", `a derivative of kernel ${kernelName}`, "none", "Register one with tf.registerGradient."),
    );
  return tf.tidy(() => {
    const scope = recordingEngine().state.activeScope?.id;
    const owned = new Set<tf.Tensor>();
    const some = gradientsOf?.(dys, names);
    const all = some ? undefined : gradient(dys);
    return names.map((name) => {
      const dx = some ? some.get(name) : tf.tidy(() => all?.[name]?.() as tf.Tensor);
      const input = node.inputs[name] as tf.Tensor;
      checkGradient(kernelName, name, input, dx);
      const isOwn = dx.scopeId === scope && !dx.kept && !owned.has(dx);
      const result = isOwn ? dx : dx.clone();
      owned.add(result);
      return result;
    });
  });
}

function checkGradient(
  kernelName: string,
  name: string,
  input: tf.Tensor,
  gradient: tf.Tensor | undefined,
): asserts gradient is tf.Tensor {
  if (gradient?.dtype === "float32" && tf.util.arraysEqual(gradient.shape, input.shape)) return;
  const got = gradient ? `${gradient.dtype} [${gradient.shape}]` : "none";
  throw new TypeError(
    expectation(
      "backward",
      `a float32 [${input.shape}] gradient for input "${name}" of ${kernelName}`,
      got,
      "Correct the kernel's derivative.",
    ),
  );
}
