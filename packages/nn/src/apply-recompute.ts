import { recompute } from "@graticule/autodiff";
import { selectPaths } from "@graticule/core";
import { Tensor } from "@tensorflow/tfjs-core";
import type { Module } from "./module.js";

type Forward = (...inputs: unknown[]) => Tensor;

/**
 * Makes the modules that a path pattern selects, such as `blocks.*`, keep only their inputs and compute their inside
 * again in the backward pass: less memory for about a third more work. Arguments that are tensors are kept for the
 * backward pass, not those inside of objects; others, such as `DropoutStreams`, both passes get alike. Changes the model in place and returns it.
 *
 * Source: Chen et al. 2016, arXiv:1604.06174.
 *
 * @throws {RangeError} if the pattern matches no module.
 * @throws {TypeError} if a selected module has no `forward`, or was selected before.
 */
export function applyRecompute<M extends Module>(model: M, pattern: string): M {
  const modules = new Map(model.namedModules());
  for (const path of selectPaths(pattern, modules.keys())) {
    const module = modules.get(path) as Module & { forward?: Forward };
    if (typeof module.forward !== "function" || Object.hasOwn(module, "forward"))
      throw new TypeError(
        `applyRecompute: expected a module with a plain forward, got '${path}'. Select each block once, e.g. 'blocks.*'.`,
      );
    const forward = module.forward.bind(module);
    module.forward = (...inputs) => {
      const places = [...inputs.keys()].filter((place) => inputs[place] instanceof Tensor);
      const again = recompute((...given: Tensor[]) => {
        const others = [...inputs];
        for (const [index, place] of places.entries()) others[place] = given[index];
        return forward(...others);
      });
      return again(...places.map((place) => inputs[place] as Tensor));
    };
  }
  return model;
}
