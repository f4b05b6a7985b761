import { selectPaths } from "@graticule/core";
import type { Module, Parameter, TensorFile } from "@graticule/nn";
import type { StoredFloat } from "@graticule/tfjs-backend-torch";
import type { Tensor } from "@tensorflow/tfjs-core";

/** The torch backend's package, which is loaded where that backend is used. */
export type TorchStorage = Pick<
  typeof import("@graticule/tfjs-backend-torch"),
  "makeStoredTensor" | "releaseStorage" | "restoreStorage"
>;

type Forward = (...inputs: unknown[]) => Tensor;

/** A module that computes, with its parameters by their paths in the model. */
export interface StreamedModule {
  readonly path: string;
  readonly module: Module & { forward: Forward };
  readonly parameters: readonly (readonly [path: string, parameter: Parameter])[];
}

/**
 * The modules that a pattern selects.
 *
 * @throws {RangeError} if it selects none. @throws {TypeError} if one has no `forward`.
 */
export function selectStreamed(model: Module, pattern: string): StreamedModule[] {
  const modules = new Map(model.namedModules());
  return selectPaths(pattern, modules.keys()).map((path) => {
    const module = modules.get(path) as Module & { forward: Forward };
    if (typeof module.forward === "function") return { path, module, parameters: module.namedParameters(`${path}.`) };
    throw new TypeError(`loadWithin: expected modules with a forward, got '${path}'. Select layers, e.g. 'blocks.*'.`);
  });
}

/**
 * Lets a module read its parameters from a file each time it computes, and give their memory back behind it. For inference:
 * a backward pass would find no weights.
 */
export function streamModule(
  { module, parameters }: StreamedModule,
  readStored: NonNullable<TensorFile["readStored"]>,
  storedAs: (path: string) => StoredFloat,
  { makeStoredTensor, releaseStorage, restoreStorage }: TorchStorage,
): void {
  const forward = module.forward.bind(module);
  let hasVariables = false;
  module.forward = (...inputs) => {
    for (const [path, parameter] of parameters) {
      if (hasVariables) restoreStorage(parameter.variable, readStored(path), storedAs(path));
      else parameter.adopt(makeStoredTensor(parameter.shape, readStored(path), storedAs(path)));
    }
    hasVariables = true;
    const output = forward(...inputs);
    for (const [, parameter] of parameters) releaseStorage(parameter.variable);
    return output;
  };
}
