import type { Communicator } from "@graticule/mpi";
import type { LayerNorm, Linear } from "@graticule/nn";
import { layerNorm, linear } from "@graticule/ops";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { copyToGroup, gatherFromGroup, gatherToGroup } from "./group-operations.js";
import { linearOfSequence } from "./linear-of-sequence.js";
import { sumOfParts } from "./sum-of-parts.js";

/** A layer with a weight, by its structure: `Linear`, and what is like it in models. */
export interface Layer extends Pick<Linear, "weight" | "forward"> {
  readonly bias?: Linear["bias"] | undefined;
  readonly adapter?: Linear["adapter"];
  forwardNormed?(x: Tensor, norm: Pick<LayerNorm, "parameters">): Tensor;
}

export interface Cut {
  readonly group: Communicator;
  /** Whether tokens are cut among the ranks outside of the layer (sequence parallelism). */
  readonly isInSequence: boolean;
}

/** Each rank makes some outputs of a layer from all of its inputs; with `whole` it gets the others' outputs, too. */
export function cutOutputs(layer: Layer, { group, isInSequence }: Cut, output: "cut" | "whole"): void {
  const { forward, forwardNormed } = layer;
  const enter = (x: Tensor): Tensor => (isInSequence ? gatherToGroup(x, group, { dim: 1 }) : copyToGroup(x, group));
  const leave = (y: Tensor): Tensor => (output === "cut" ? y : gatherFromGroup(y, group, { dim: y.rank - 1 }));
  layer.forward = (x, options) => tidy(() => leave(forward.call(layer, enter(x), options)));
  if (!forwardNormed) return;
  layer.forwardNormed = (x, norm) =>
    tidy(() => {
      const { gamma, beta, epsilon } = norm.parameters();
      // Each rank's gradients of them are those of its outputs or its tokens.
      const shared = { gamma: copyToGroup(gamma, group), beta: copyToGroup(beta, group), epsilon };
      if (!isInSequence) return leave(forwardNormed.call(layer, enter(x), { parameters: () => shared }));
      const normed = layerNorm(x, shared.gamma, shared.beta, epsilon);
      if (layer.adapter) return leave(forward.call(layer, enter(normed)));
      return leave(linearOfSequence(normed, layer.weight.variable, layer.bias?.variable, group));
    });
}

/** Each rank has some inputs of a layer; the sum of what the ranks make of them is the output. */
export function cutInputs(layer: Layer, { group, isInSequence }: Cut): void {
  layer.forward = (x, { residual, ...options } = {}) =>
    tidy(() => {
      const weight = layer.weight.variable;
      const part = layer.adapter
        ? layer.adapter.forward(x, { weight }, options)
        : linear(x, weight, undefined, options);
      return sumOfParts(part, group, { bias: layer.bias?.variable, residual, isInSequence });
    });
}
