import type { Tensor } from "@tensorflow/tfjs-core";
import type { TapeNode } from "./engine.js";
import { freeSaved, Recorder } from "./recorder.js";

/** A recorded operation and the names of those of its inputs that depend on a source. */
export interface Step {
  readonly node: TapeNode;
  readonly inputNames: readonly string[];
}

/** Which output of a kernel holds positions. */
const POSITIONS: Readonly<Record<string, number>> = { TopK: 1 };

/**
 * Whether a gradient can come back through an output. Truth values have none; whole numbers only where tfjs has a
 * derivative (a cast passes gradients straight through), so a comparison, an argmax or a top-k's indices are constants.
 */
function carriesGradient(output: Tensor, { gradient, kernelName, outputs }: TapeNode): boolean {
  if (outputs.indexOf(output) === POSITIONS[kernelName]) return false;
  return output.dtype === "float32" || (output.dtype === "int32" && gradient !== undefined);
}

/** Records what depends on the `sources`; everything else is let go while the forward pass still runs. */
export class Tape extends Recorder {
  readonly #dependent: Set<number>;
  #steps: Step[] = [];

  constructor(sources: Iterable<Tensor>) {
    super();
    this.#dependent = new Set(Array.from(sources, (source) => source.id));
  }

  protected override wants(node: TapeNode): boolean {
    const inputNames = Object.keys(node.inputs).filter((name) => this.dependsOnSource(node.inputs[name]));
    if (inputNames.length === 0) return false;
    for (const output of node.outputs) if (carriesGradient(output, node)) this.#dependent.add(output.id);
    this.#steps.push({ node, inputNames });
    return true;
  }

  dependsOnSource(tensor: Tensor | null | undefined): boolean {
    return tensor != null && this.#dependent.has(tensor.id);
  }

  /** The steps that lead from a source to `target`, in the order they ran; frees what the others saved. */
  stepsTo(target: Tensor): Step[] {
    const leading = new Set([target.id]);
    const steps: Step[] = [];
    for (const step of this.#steps.reverse()) {
      if (step.node.outputs.some((output) => leading.has(output.id))) {
        for (const name of step.inputNames) leading.add((step.node.inputs[name] as Tensor).id);
        steps.push(step);
      } else freeSaved(step.node);
    }
    this.#steps = [];
    return steps.reverse();
  }
}
