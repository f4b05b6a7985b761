import { expectation } from "@graticule/core";
import type { Module, Parameter } from "@graticule/nn";
import { keep, mul, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Adapter } from "./adapter.js";

/** What is known of a model that has adapters; `modelAdapters` finds it. */
export class ModelAdapters {
  readonly model: Module;
  readonly adapters = new Map<string, Adapter>();
  /** Names of the adapters that the model computes with while they are enabled. */
  active: readonly string[] = [];
  enabled = true;
  /** Whether the active adapters are in the weights. */
  merged = false;
  /** The model's own parameters, and which of them were trainable before. */
  readonly base: ReadonlyMap<string, Parameter>;
  readonly #trainable: ReadonlySet<string>;
  /** Values of owned parameters that are not in use: those of adapters, and under "" those of the base. */
  readonly #values = new Map<string, Map<string, Tensor>>();
  /** Whose values an owned parameter has now, by path; the base's where nothing is said. */
  readonly #holders = new Map<string, string>();

  constructor(model: Module) {
    this.model = model;
    this.base = new Map(model.namedParameters());
    this.#trainable = new Set([...this.base].flatMap(([path, { trainable }]) => (trainable ? [path] : [])));
  }

  /** Makes computing and training follow `active` and `enabled`. */
  apply(): void {
    const active = this.enabled ? this.active : [];
    for (const { places } of this.adapters.values()) for (const place of places) place.activate(active);
    for (const [path, parameter] of this.base) this.#hold(path, parameter, active);
    for (const [name, { places, owned }] of this.adapters) {
      const trains = active.includes(name);
      for (const place of places)
        for (const [, parameter] of place.part(name)?.namedParameters() ?? []) parameter.setTrainable(trains);
      if (trains) for (const path of owned) this.base.get(path)?.setTrainable(true);
    }
  }

  /** Gives a parameter of the base the values of the active adapter that owns it, or its own. */
  #hold(path: string, parameter: Parameter, active: readonly string[]): void {
    const holder = active.find((name) => this.adapters.get(name)?.owned.includes(path)) ?? "";
    const before = this.#holders.get(path) ?? "";
    parameter.setTrainable(false);
    if (holder === before) return;
    this.#store(before, path, copyOf(parameter.variable));
    const values = this.#values.get(holder)?.get(path) ?? this.#values.get("")?.get(path); // at first the base's
    if (values) parameter.variable.assign(values);
    this.#values.get(holder)?.get(path)?.dispose();
    this.#values.get(holder)?.delete(path);
    this.#holders.set(path, holder);
  }

  /** Sets values that an adapter has of a parameter of the base; takes ownership. */
  setOwned(name: string, path: string, values: Tensor): void {
    if (this.#holders.get(path) === name) {
      this.base.get(path)?.variable.assign(values);
      values.dispose();
    } else this.#store(name, path, values);
  }

  /** Values that an adapter, or the base (""), has of a parameter; the tensor stays theirs. */
  owned(name: string, path: string): Tensor {
    const stored = this.#values.get(name)?.get(path);
    return stored ?? (this.base.get(path) as Parameter).variable;
  }

  #store(name: string, path: string, values: Tensor): void {
    const stored = this.#values.get(name) ?? new Map<string, Tensor>();
    stored.get(path)?.dispose();
    this.#values.set(name, stored.set(path, keep(values)));
  }

  /** Frees an adapter, which must not be active. */
  forget(name: string): void {
    for (const place of this.adapters.get(name)?.places ?? []) place.remove(name);
    this.adapters.delete(name);
    for (const values of this.#values.get(name)?.values() ?? []) values.dispose();
    this.#values.delete(name);
  }

  /** Frees all adapters; the base is trainable as it was. */
  unload(): void {
    for (const name of [...this.adapters.keys()]) this.forget(name);
    for (const values of this.#values.get("")?.values() ?? []) values.dispose();
    this.#values.clear();
    for (const [path, parameter] of this.base) parameter.setTrainable(this.#trainable.has(path));
    states.delete(this.model);
  }
}

/** A copy in memory of its own: a clone would change with the variable. */
const copyOf = (tensor: Tensor): Tensor => tidy(() => keep(mul(tensor, 1)));

const states = new WeakMap<Module, ModelAdapters>();

/** The adapters of a model, undefined for one without. */
export function findModelAdapters(model: Module): ModelAdapters | undefined {
  return states.get(model);
}

/** @throws {RangeError} if the model has no adapters. */
export function modelAdapters(where: string, model: Module): ModelAdapters {
  const state = states.get(model);
  if (state) return state;
  throw new RangeError(expectation(where, "a model with adapters", "one without", "Add one, e.g. by addLora."));
}

/**
 * Adds an adapter: the first one freezes the model and is active, later ones wait for `activateAdapters`.
 *
 * @param attach puts the parts in place, and is called once all is checked.
 * @throws {RangeError} if the name is taken or no name, or adapters are merged.
 */
export function addAdapter(
  where: string,
  model: Module,
  name: string,
  attach: (state: ModelAdapters) => Omit<Adapter, "name">,
): void {
  const state = states.get(model) ?? new ModelAdapters(model);
  if (!/^[a-z][a-z0-9_]*$/.test(name))
    throw new RangeError(expectation(where, "a name of small letters, digits and _", `'${name}'`));
  if (state.adapters.has(name))
    throw new RangeError(expectation(where, "a new name", `'${name}', which is there`, "Remove that adapter first."));
  if (state.merged) throw new RangeError(expectation(where, "adapters that are not merged", "merged ones"));
  state.adapters.set(name, { name, ...attach(state) });
  states.set(model, state);
  if (state.adapters.size === 1) state.active = [name];
  state.apply();
}
