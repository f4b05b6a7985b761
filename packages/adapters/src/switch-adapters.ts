import { expectation } from "@graticule/core";
import type { DropoutStreams, Module } from "@graticule/nn";
import { type ModelAdapters, modelAdapters } from "./model-adapters.js";

/**
 * Computes and trains with these adapters, in this order, from here on.
 *
 * @throws {RangeError} if one is not there, two own the same parameter, DoRA is not alone, or adapters are merged.
 */
export function activateAdapters(model: Module, names: readonly string[]): void {
  const state = unmerged("activateAdapters", model);
  const owners = new Map<string, string>();
  for (const name of names) {
    for (const path of findAdapter("activateAdapters", state, name).owned) {
      const other = owners.get(path);
      if (other !== undefined)
        throw new RangeError(
          expectation("activateAdapters", `one adapter that trains '${path}'`, `'${other}' and '${name}'`),
        );
      owners.set(path, name);
    }
    const { options } = findAdapter("activateAdapters", state, name);
    if ("dora" in options && options.dora && names.length > 1)
      throw new RangeError(
        expectation("activateAdapters", `'${name}' with DoRA alone`, `${names.length} adapters`, "Merge one of them."),
      );
  }
  state.active = [...names];
  state.apply();
}

/** Computes as the base alone does, and trains nothing, until `enableAdapters`. */
export function disableAdapters(model: Module): void {
  switchAdapters("disableAdapters", model, false);
}

export function enableAdapters(model: Module): void {
  switchAdapters("enableAdapters", model, true);
}

function switchAdapters(where: string, model: Module, enabled: boolean): void {
  const state = unmerged(where, model);
  state.enabled = enabled;
  state.apply();
}

/**
 * Frees an adapter; those that are left stay as they are.
 *
 * @throws {RangeError} if there is none of this name, or adapters are merged.
 */
export function removeAdapter(model: Module, name: string): void {
  const state = unmerged("removeAdapter", model);
  findAdapter("removeAdapter", state, name);
  state.active = state.active.filter((each) => each !== name);
  state.apply();
  state.forget(name);
  if (state.adapters.size === 0) state.unload();
}

/**
 * Lets adapters drop by these streams from here on, and in recomputation too; undefined ends it. A step sets streams that
 * are keyed by its samples: `(place, image) => random(place, batch.indices[image])`.
 */
export function setAdapterDropout(model: Module, streams: DropoutStreams | undefined): void {
  const { adapters } = modelAdapters("setAdapterDropout", model);
  for (const { places } of adapters.values()) for (const place of places) place.drop?.(streams);
}

function unmerged(where: string, model: Module): ModelAdapters {
  const state = modelAdapters(where, model);
  if (!state.merged) return state;
  throw new RangeError(
    expectation(where, "adapters that are not merged", "merged ones", "Call unmergeAdapters first."),
  );
}

/** @throws {RangeError} if there is no adapter of this name. */
export function findAdapter(where: string, { adapters }: ModelAdapters, name: string) {
  const adapter = adapters.get(name);
  if (adapter) return adapter;
  throw new RangeError(expectation(where, `one of ${[...adapters.keys()].join(", ")}`, `'${name}'`));
}
