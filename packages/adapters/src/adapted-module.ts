import { expectation } from "@graticule/core";
import { Module, type Parameter } from "@graticule/nn";
import type { AdaptedPlace } from "./adapter.js";
import { NamedModules } from "./named-modules.js";

/** The adapters of one kind at a module, whose field `adapter` it is; paths are `MODULE.adapter.NAME.*`. */
export abstract class AdaptedModule<P extends Module> extends Module implements AdaptedPlace {
  readonly path: string;
  // Private, since a module's fields are its children.
  readonly #parts = new NamedModules<P>();
  #active: readonly string[] = [];

  constructor(path: string) {
    super();
    this.path = path;
  }

  override namedParameters(prefix = ""): [path: string, parameter: Parameter][] {
    return this.#parts.namedParameters(prefix);
  }

  override namedModules(prefix = ""): [path: string, module: Module][] {
    return this.#parts.namedModules(prefix);
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

  merge(_keep: boolean): void {
    throw new TypeError(expectation("mergeAdapters", "changes of weights", `another adapter at '${this.path}'`));
  }

  unmerge(): void {}

  /** Takes itself out of the module. */
  protected abstract detach(): void;

  remove(name: string): void {
    this.#parts.delete(name);
    this.#active = this.#active.filter((each) => each !== name);
    if (this.#parts.names().length === 0) this.detach();
  }
}
