import { Module } from "@graticule/nn";

/** Modules under names that are chosen while the model lives; a name is a segment of the paths below it. */
export class NamedModules<M extends Module> extends Module {
  get(name: string): M | undefined {
    return Object.hasOwn(this, name) ? (this as unknown as Record<string, M>)[name] : undefined;
  }

  /** @throws {RangeError} if there is one of this name. */
  add(name: string, module: M): void {
    if (this.get(name)) throw new RangeError(`NamedModules: expected a new name, got '${name}', which is there.`);
    Object.assign(this, { [name]: module });
  }

  /** Takes a module out and frees it. */
  delete(name: string): void {
    this.get(name)?.dispose();
    delete (this as unknown as Record<string, M>)[name];
  }

  names(): string[] {
    return Object.keys(this);
  }
}
