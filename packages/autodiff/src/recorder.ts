import * as tf from "@tensorflow/tfjs-core";
import { recordingEngine, type TapeNode } from "./engine.js";

/**
 * A tape that decides node by node what stays: tfjs pushes each operation onto `engine.state.activeTape`, and a node
 * that is not wanted gives up its saved tensors at once.
 *
 * Nodes recorded inside a nested `tf.grad` always stay, since tfjs reads them back from this same array.
 */
export abstract class Recorder extends Array<TapeNode> {
  /** Clones saved for an operation that has not been pushed yet, by the id of the clone. */
  readonly #clones = new Map<number, TapeNode>();

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Looks at a node as it is recorded; true keeps it and its saved tensors. */
  protected abstract wants(node: TapeNode): boolean;

  override push(...nodes: TapeNode[]): number {
    for (const node of nodes) {
      if (isSavedClone(node)) {
        this.#clones.set((node.outputs[0] as tf.Tensor).id, node);
        continue;
      }
      const clones = this.#claimClones(node);
      const isOfOutput = (clone: TapeNode) => node.outputs.some((output) => output.id === clone.inputs.x?.id);
      for (const clone of clones) if (!isOfOutput(clone)) this.#keepOrFree(clone);
      this.#keepOrFree(node);
      // tfjs records these before the operation whose output they copy, and so loses second derivatives through them.
      for (const clone of clones) if (isOfOutput(clone)) this.#keepOrFree(clone);
    }
    return this.length;
  }

  /** Frees every saved tensor that is still alive, also those of an operation that threw halfway. */
  dispose(): void {
    for (const node of this) freeSaved(node);
    this.length = 0;
    for (const { outputs } of this.#clones.values()) for (const tensor of outputs) if (tensor.kept) tensor.dispose();
    this.#clones.clear();
  }

  #claimClones(node: TapeNode): TapeNode[] {
    return node.saved.flatMap(({ id }) => {
      const clone = this.#clones.get(id);
      this.#clones.delete(id);
      return clone ? [clone] : [];
    });
  }

  #keepOrFree(node: TapeNode): void {
    if (this.wants(node) || recordingEngine().state.gradientDepth > 1) super.push(node);
    else freeSaved(node);
  }
}

export function freeSaved(node: TapeNode): void {
  for (const tensor of node.saved) tensor.dispose();
}

/**
 * Whether a node is the `matMul__op` kind: `engine.clone` records each tensor that it saves for a derivative, under the
 * name of the scope instead of a kernel, so that derivatives of derivatives can pass through it.
 */
function isSavedClone({ kernelName, inputs, outputs }: TapeNode): boolean {
  const { x } = inputs;
  return (
    x != null && outputs.length === 1 && outputs[0]?.dataId === x.dataId && !tf.getKernel(kernelName, tf.getBackend())
  );
}
