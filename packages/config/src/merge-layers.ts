import { copyPlainData, isPlainObject, type PlainData, type PlainObject } from "./plain-data.js";
import { alternatives, childSchemas, defaultOf, discriminators, type Schema } from "./schema-shape.js";

/**
 * Lays one config over another: mappings are merged key by key, lists and scalars are replaced.
 * A mapping whose literal field changes (`kind: adamw` → `kind: sgd`) is replaced whole, since its other fields belong
 * to the old kind.
 */
export function mergeLayers(schemas: readonly Schema[], below: PlainData | undefined, above: PlainData): PlainData {
  const base = below ?? defaultAmong(schemas);
  if (!isPlainObject(base) || !isPlainObject(above) || changesKind(schemas, base, above)) return above;
  const options = schemas.flatMap((schema) => alternatives(schema, { ...base, ...above }));
  const merged: PlainObject = { ...base };
  for (const [key, value] of Object.entries(above))
    merged[key] = mergeLayers(childSchemas(options, key), base[key], value);
  return merged;
}

/** True if `above` sets a literal field of the schema to another value than `base` has. */
export function changesKind(schemas: readonly Schema[], base: PlainObject, above: PlainObject): boolean {
  const all = schemas.flatMap((schema) => alternatives(schema, undefined));
  return discriminators(all).some(
    (key) => Object.hasOwn(base, key) && Object.hasOwn(above, key) && base[key] !== above[key],
  );
}

/** The first default that the schemas give to an absent value. */
export function defaultAmong(schemas: readonly Schema[]): PlainData | undefined {
  const value = schemas.map(defaultOf).find((each) => each !== undefined);
  return value === undefined ? undefined : copyPlainData(value, "default");
}
