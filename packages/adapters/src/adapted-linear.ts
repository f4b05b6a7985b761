import { expectation } from "@graticule/core";
import type { LayerNorm, Linear, LinearAdapter, LinearWeights, Module, ParameterSlice } from "@graticule/nn";
import type { LinearOptions } from "@graticule/ops";
import { keep as keepTensor, mul, type Tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import { AdaptedModule } from "./adapted-module.js";

/** The adapters of one kind at a linear layer. */
export abstract class AdaptedLinear<P extends Module> extends AdaptedModule<P> implements LinearAdapter {
  readonly #layer: Linear;
  /** Values from before merging. */
  readonly #unmerged = new Map<Variable, Tensor>();

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

  /** The layer's weights with the active parts in them, those that change; none if they can't be. */
  protected mergedWeights(_weights: LinearWeights): Partial<LinearWeights> | undefined {
    return undefined;
  }

  override merge(keep: boolean): void {
    if (this.active.length === 0) return;
    const { weight, bias } = this.layer;
    const merged = tidy(() => this.mergedWeights({ weight: weight.variable, bias: bias?.variable }));
    if (!merged) {
      super.merge(keep);
      return;
    }
    for (const [parameter, values] of [
      [weight, merged.weight],
      [bias, merged.bias],
    ] as const) {
      if (!parameter || !values) continue;
      // A copy: a clone would change with the variable.
      if (keep) this.#unmerged.set(parameter.variable, keepTensor(tidy(() => mul(parameter.variable, 1))));
      parameter.variable.assign(values);
      values.dispose();
    }
  }

  override unmerge(): void {
    for (const [variable, values] of this.#unmerged) {
      variable.assign(values);
      values.dispose();
    }
    this.#unmerged.clear();
  }

  divide(_slice: ParameterSlice, _share: (x: Tensor) => Tensor): void {
    throw new TypeError(
      expectation("tensorParallel", `layers with LoRA or without adapters`, `another adapter at '${this.path}'`),
    );
  }

  protected override detach(): void {
    for (const values of this.#unmerged.values()) values.dispose();
    this.#unmerged.clear();
    this.#layer.adapter = undefined;
  }
}

/**
 * Gives each layer a part of a new adapter, at the place of this kind that is there or is made.
 *
 * @throws {RangeError} if a layer has adapters of another kind, or holds a slice of its weight; nothing is changed then.
 */
export function adaptLinears<P extends Module>(
  kind: new (path: string, layer: Linear) => AdaptedLinear<P>,
  linears: ReadonlyMap<string, Linear>,
  name: string,
  makePart: (path: string, layer: Linear) => P,
): AdaptedLinear<P>[] {
  for (const [path, { adapter, weight }] of linears) {
    if (weight.slice)
      throw new RangeError(
        expectation("adapters", `a whole layer '${path}'`, "a slice of it", "Add adapters before tensorParallel."),
      );
    if (adapter && !(adapter instanceof kind))
      throw new RangeError(
        expectation(
          "adapters",
          `one kind of adapters at '${path}'`,
          "a second one",
          "Choose other targets, or remove the first.",
        ),
      );
  }
  return Array.from(linears, ([path, layer]) => {
    const part = makePart(path, layer);
    const place = layer.adapter instanceof kind ? layer.adapter : new kind(path, layer);
    place.add(name, part);
    return place;
  });
}
