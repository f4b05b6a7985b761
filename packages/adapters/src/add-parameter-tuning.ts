import { selectPaths } from "@graticule/core";
import type { Module } from "@graticule/nn";
import { addAdapter } from "./model-adapters.js";

export interface ParameterTuningOptions {
  /** `default` unless given. */
  readonly name?: string;
  /** Path patterns of parameters: `["**.bias"]` is BitFit, `["**.norm*.{weight,bias}"]` tunes layer norms. */
  readonly parameters: readonly string[];
}

/**
 * Freezes a model but for some of its own parameters, of which the adapter has values of its own: switched and disabled as
 * other adapters are. Changes the model in place and returns it.
 *
 * Source: Ben Zaken et al. 2022 (BitFit), arXiv:2106.10199; Zhao et al. 2023 (layer norms), arXiv:2312.11420.
 *
 * @throws {RangeError} if a pattern matches nothing, or the name is taken.
 */
export function addParameterTuning<M extends Module>(model: M, options: ParameterTuningOptions): M {
  const { name = "default", parameters } = options;
  const paths = model.namedParameters().flatMap(([path]) => (path.includes(".adapter.") ? [] : [path]));
  const owned = [...new Set(parameters.flatMap((pattern) => selectPaths(pattern, paths)))];
  addAdapter("addParameterTuning", model, name, () => ({
    kind: "PARAMETERS",
    options: { ...options, name },
    owned,
    places: [],
  }));
  return model;
}
