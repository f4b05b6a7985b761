import { expectation } from "@graticule/core";
import type { LayerNorm, Linear, LinearAdapter, LinearWeights, Module, ParameterSlice } from "@graticule/nn";
import type { LinearOptions } from "@graticule/ops";
import type { Tensor } from "@tensorflow/tfjs-core";
import { AdaptedModule } from "./adapted-module.js";

/** The adapters of one kind at a linear layer. */
export abstract class AdaptedLinear<P extends Module> extends AdaptedModule<P> implements LinearAdapter {
  readonly #layer: Linear;

  constructor(path: string, layer: Linear) {
    super(path);
    this.#layer = layer;
    layer.adapter = this;
  }

  protected get layer(): Linear {
    return this.#layer;
  }

  abstract forward(x: Tensor, weights: LinearWeights, options?: LinearOptions): Tensor;

  abstract forwardNormed(x: Tensor, weights: LinearWeights, norm: Pick<LayerNorm, "parameters">): Tensor;

  divide(_slice: ParameterSlice, _share: (x: Tensor) => Tensor): void {
    throw new TypeError(
      expectation("tensorParallel", `layers with LoRA or without adapters`, `another adapter at '${this.path}'`),
    );
  }

  protected override detach(): void {
    this.#layer.adapter = undefined;
  }
}

/**
 * The adapters of a kind at a layer, made with the first of them.
 *
 * @throws {RangeError} if the layer has adapters of another kind, or holds a slice of its weight.
 */
export function adaptLinear<A extends LinearAdapter>(
  kind: new (path: string, layer: Linear) => A,
  path: string,
  layer: Linear,
): A {
  if (layer.weight.slice)
    throw new RangeError(
      expectation("adapters", `a whole layer '${path}'`, "a slice of it", "Add adapters before tensorParallel."),
    );
  const { adapter } = layer;
  if (adapter === undefined) return new kind(path, layer);
  if (adapter instanceof kind) return adapter;
  throw new RangeError(
    expectation("adapters", `one kind of adapters at '${path}'`, "a second one", "Choose other targets, or remove it."),
  );
}
