import { expectation } from "@graticule/core";
import type { Module } from "@graticule/nn";
import { type ModelAdapters, modelAdapters } from "./model-adapters.js";

/**
 * Adds the active adapters to the weights, so that the model computes the same without their cost. The weights from before
 * are kept for `unmergeAdapters`; `mergeAndUnload` does without their memory.
 *
 * @throws {RangeError} if they are merged already or disabled.
 * @throws {TypeError} if one is no change of weights; nothing is changed then.
 */
export function mergeAdapters(model: Module): void {
  merge(modelAdapters("mergeAdapters", model), true);
}

function merge(state: ModelAdapters, keep: boolean): void {
  if (state.merged || !state.enabled)
    throw new RangeError(
      expectation(
        "mergeAdapters",
        "enabled adapters that are not merged",
        state.merged ? "merged ones" : "disabled ones",
      ),
    );
  checkMergeable(state);
  for (const place of activePlaces(state)) {
    place.merge(keep);
    place.activate([]);
  }
  state.merged = true;
}

/**
 * Gives the model the weights from before `mergeAdapters` again, bit for bit.
 *
 * @throws {RangeError} if nothing is merged.
 */
export function unmergeAdapters(model: Module): void {
  const state = modelAdapters("unmergeAdapters", model);
  if (!state.merged) throw new RangeError(expectation("unmergeAdapters", "merged adapters", "none that is"));
  for (const place of activePlaces(state)) place.unmerge();
  state.merged = false;
  state.apply();
}

/**
 * Merges the active adapters and removes all: a plain model that computes the same, with values that they trained, and
 * trainable as it was before. Throws as `mergeAdapters`.
 */
export function mergeAndUnload<M extends Module>(model: M): M {
  const state = modelAdapters("mergeAndUnload", model);
  if (!state.merged) merge(state, false);
  state.unload();
  return model;
}

/** Removes all adapters: the model as it was before the first one. Merged ones are taken out of the weights first. */
export function unloadAdapters<M extends Module>(model: M): M {
  const state = modelAdapters("unloadAdapters", model);
  if (state.merged) unmergeAdapters(model);
  state.active = [];
  state.apply();
  state.unload();
  return model;
}

function activePlaces({ adapters, active }: ModelAdapters) {
  return new Set(active.flatMap((name) => adapters.get(name)?.places ?? []));
}

const MERGEABLE = ["LORA", "IA3", "PARAMETERS"];

function checkMergeable({ adapters, active }: ModelAdapters): void {
  for (const name of active) {
    const kind = adapters.get(name)?.kind as string;
    if (!MERGEABLE.includes(kind))
      throw new TypeError(
        expectation(
          "mergeAdapters",
          `adapters of ${MERGEABLE.join(", ")}`,
          `'${name}', ${kind}, which no weight can hold`,
        ),
      );
  }
}
