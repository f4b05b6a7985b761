import { expectation } from "@graticule/core";

/** What a parameter of a published model is in ours: the whole of one, or one of several parts that its rows are. */
export interface PublishedParameter {
  /** Path of ours. */
  readonly path: string;
  /** Which part, from 0. */
  readonly part: number;
  readonly parts: number;
}

/** The parameters of a published model by their names, as `parameterNames` of `@graticule/models` tells them. */
export type PublishedParameters = ReadonlyMap<string, PublishedParameter>;

/** The published name of a whole parameter of ours. @throws {RangeError} if it has none, or is several there. */
export function publishedName(published: PublishedParameters, ours: string): string {
  for (const [name, { path, parts }] of published) if (path === ours && parts === 1) return name;
  throw noName(ours);
}

/** The one published module that one of ours is. @throws {RangeError} if it has none, or is several there. */
export function publishedLayer(published: PublishedParameters, ours: string): string {
  const [name, ...others] = publishedModules(published, ours);
  if (name === undefined || others.length > 0) throw noName(ours);
  return name;
}

const noName = (ours: string): RangeError =>
  new RangeError(
    expectation("encodeAdapter", `a published name for '${ours}'`, "none, or several", "Save it without."),
  );

/** Ours for a module of the published model, by any parameter in it; undefined if it has none. */
export function ourModule(published: PublishedParameters, module: string): string | undefined {
  for (const [name, { path, parts }] of published)
    if (name.startsWith(`${module}.`) && parts === 1) return path.slice(0, path.length - (name.length - module.length));
  return undefined;
}

/** The published modules that one of ours is, in the order of its rows; none if it has no parameters there. */
export function publishedModules(published: PublishedParameters, module: string): string[] {
  const names: string[] = [];
  for (const [name, { path, part }] of published) {
    const rest = path.slice(module.length);
    if (path.startsWith(`${module}.`) && name.endsWith(rest)) names[part] ??= name.slice(0, name.length - rest.length);
  }
  return names;
}
