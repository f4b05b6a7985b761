import { Module, type Parameter } from "@graticule/nn";

/** Some parameters of a model under their own paths: what a checkpoint holds, or what a file has weights for. */
export class ModulePart extends Module {
  // Private, since a module's fields are its children, and paths are to stay the model's own.
  readonly #model: Module;
  readonly #holds: (path: string, parameter: Parameter) => boolean;

  constructor(model: Module, holds: (path: string, parameter: Parameter) => boolean) {
    super();
    this.#model = model;
    this.#holds = holds;
  }

  override namedParameters(prefix = ""): [path: string, parameter: Parameter][] {
    return this.#model
      .namedParameters()
      .filter(([path, parameter]) => this.#holds(path, parameter))
      .map(([path, parameter]) => [prefix + path, parameter]);
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return this.#model.namedModules(prefix);
  }
}
