import { expectation } from "@graticule/core";
import type { Module } from "@graticule/nn";
import { adaptLinears } from "../adapted-linear.js";
import { addAdapter } from "../model-adapters.js";
import { checkTargetsApart, type OwnedOptions, selectOwned } from "../owned-parameters.js";
import { selectLinears, type TargetOptions } from "../select-layers.js";
import { BottleneckLayer, BottleneckPart } from "./bottleneck-layer.js";

/** Targets are `["blocks.*.attn.proj", "blocks.*.mlp.fc2"]` for Houlsby's adapters, the second alone for Pfeiffer's. */
export interface BottleneckOptions extends TargetOptions, Pick<OwnedOptions, "modulesToSave"> {
  /** `default` unless given. */
  readonly name?: string;
  /** Width inside. */
  readonly bottleneckDim: number;
  /** Draws the first values, together with each layer's path. */
  readonly seed: number;
}

/**
 * Freezes a model and puts a small two-layer network behind linear layers. Changes the model in place and returns it.
 * Throws as `addLora`.
 *
 * Source: Houlsby et al. 2019, §2.1, arXiv:1902.00751; Pfeiffer et al. 2021, §3, arXiv:2005.00247.
 */
export function addBottleneck<M extends Module>(model: M, options: BottleneckOptions): M {
  const { name = "default", bottleneckDim, seed } = options;
  if (!(Number.isSafeInteger(bottleneckDim) && bottleneckDim > 0))
    throw new RangeError(
      expectation("addBottleneck", "bottleneckDim to be a positive whole number", `${bottleneckDim}`),
    );
  const linears = selectLinears(model, options);
  const owned = selectOwned(model, options, linears.keys());
  checkTargetsApart(linears.keys(), owned);
  addAdapter("addBottleneck", model, name, () => ({
    kind: "BOTTLENECK",
    options: { ...options, name },
    owned,
    places: adaptLinears(BottleneckLayer, linears, name, (path, { weight }) => {
      return new BottleneckPart(weight.shape[0] as number, bottleneckDim, seed, `${path}.${name}`);
    }),
  }));
  return model;
}
