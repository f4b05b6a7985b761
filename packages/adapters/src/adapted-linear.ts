import { expectation } from "@graticule/core";
import { type Linear, LinearAdapter, type Module, type Parameter, type ParameterSlice } from "@graticule/nn";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { AdaptedPlace } from "./adapter.js";
import { NamedModules } from "./named-modules.js";

/** The adapters of one kind at a linear layer; their paths are `LAYER.adapter.NAME.*`. */
export abstract class AdaptedLinear<P extends Module> extends LinearAdapter implements AdaptedPlace {
  readonly path: string;
  // Private, since a module's fields are its children, and the layer is not one.
  readonly #layer: Linear;
  readonly #parts = new NamedModules<P>();
  #active: readonly string[] = [];

  constructor(path: string, layer: Linear) {
    super();
    this.path = path;
    this.#layer = layer;
    layer.adapter = this;
  }

  override namedParameters(prefix = ""): [path: string, parameter: Parameter][] {
    return this.#parts.namedParameters(prefix);
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return this.#parts.namedModules(prefix);
  }

  protected get layer(): Linear {
    return this.#layer;
  }

  /** Active parts with the names of their adapters. */
  protected get active(): readonly (readonly [name: string, part: P])[] {
    return this.#active.flatMap((name) => {
      const part = this.#parts.get(name);
      return part ? [[name, part] as const] : [];
    });
  }

  protected get all(): readonly P[] {
    return this.#parts.names().map((name) => this.#parts.get(name) as P);
  }

  add(name: string, part: P): void {
    this.#parts.add(name, part);
  }

  part(name: string): P | undefined {
    return this.#parts.get(name);
  }

  activate(names: readonly string[]): void {
    this.#active = names;
  }

  abstract merge(sign: 1 | -1): void;

  remove(name: string): void {
    this.#parts.delete(name);
    this.#active = this.#active.filter((each) => each !== name);
    if (this.#parts.names().length === 0) this.#layer.adapter = undefined;
  }

  override divide(_slice: ParameterSlice, _share: (x: Tensor) => Tensor): void {
    throw new TypeError(
      expectation("tensorParallel", `layers with LoRA or without adapters`, `another adapter at '${this.path}'`),
    );
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
