import { selectPaths } from "@graticule/core";
import type { Module } from "@graticule/nn";
import { adaptLinears } from "../adapted-linear.js";
import { addAdapter } from "../model-adapters.js";
import { checkTargetsApart, type OwnedOptions, selectModules, selectOwned } from "../owned-parameters.js";
import { selectLinears, type TargetOptions } from "../select-layers.js";
import { Ia3Layer, Ia3Part } from "./ia3-layer.js";

export interface Ia3Options extends TargetOptions, Pick<OwnedOptions, "modulesToSave"> {
  /** `default` unless given. */
  readonly name?: string;
  /** Patterns of those targets whose inputs are scaled instead of their outputs: the second layer of an MLP. */
  readonly feedforward?: readonly string[];
}

/**
 * Freezes a model and learns one factor for each output of linear layers, or each input. Changes the model in place and
 * returns it. Throws as `addLora`.
 *
 * Source: Liu et al. 2022, §3.3, arXiv:2205.05638.
 */
export function addIa3<M extends Module>(model: M, options: Ia3Options): M {
  const { name = "default" } = options;
  const linears = selectLinears(model, options);
  const feedforward = new Set((options.feedforward ?? []).flatMap((pattern) => selectPaths(pattern, linears.keys())));
  const modulesToSave = selectModules(model, options.modulesToSave ?? []);
  const owned = selectOwned(model, options, linears.keys());
  checkTargetsApart(linears.keys(), owned);
  addAdapter("addIa3", model, name, () => ({
    kind: "IA3",
    options: { ...options, name, modulesToSave },
    owned,
    places: adaptLinears(Ia3Layer, linears, name, (path, { weight }) => {
      const [outFeatures, inFeatures] = weight.shape as [number, number];
      const scalesInput = feedforward.has(path);
      return new Ia3Part(scalesInput ? inFeatures : outFeatures, scalesInput);
    }),
  }));
  return model;
}
