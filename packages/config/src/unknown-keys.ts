import { closest, distance } from "fastest-levenshtein";
import { isPlainObject, joinPath, type PlainData, type PlainObject } from "./plain-data.js";
import { alternatives, childSchemas, fieldsOf, type Schema } from "./schema-shape.js";

/** A key that the schema doesn't know, and the known key that its writer most likely meant. */
export interface UnknownKey {
  readonly path: string;
  readonly nearest: string | undefined;
}

/** Finds every key that no field of the schema takes, and returns the value without them. */
export function takeUnknownKeys(schema: Schema, value: PlainData): { known: PlainData; unknown: UnknownKey[] } {
  const unknown: UnknownKey[] = [];

  function take(schemas: readonly Schema[], node: PlainData, path: string): PlainData {
    const options = schemas.flatMap((each) => alternatives(each, node));
    if (Array.isArray(node))
      return node.map((item: PlainData, index) => take(childSchemas(options, index), item, joinPath(path, index)));
    const fields = fieldsOf(options);
    if (!isPlainObject(node) || fields === undefined) return node;
    const kept: PlainObject = {};
    for (const [key, child] of Object.entries(node)) {
      if (fields.named.has(key) || fields.isOpen)
        kept[key] = take(childSchemas(options, key), child, joinPath(path, key));
      else unknown.push({ path: joinPath(path, key), nearest: nearestKey(key, path, [...fields.named.keys()]) });
    }
    return kept;
  }

  /** A sibling by spelling, unless the very same word (or nearly) is a key elsewhere. */
  function nearestKey(key: string, path: string, siblings: readonly string[]): string | undefined {
    const sibling = siblings.length > 0 ? closest(key, siblings) : undefined;
    const siblingDistance = sibling === undefined ? Number.POSITIVE_INFINITY : distance(key, sibling);
    if (siblingDistance <= 2) return joinPath(path, sibling as string);
    const here = joinPath(path, key); // Known there to another kind.
    const elsewhere = allPaths(schema).find(
      (each) => each !== here && distance(key, each.slice(each.lastIndexOf(".") + 1)) <= 1,
    );
    return elsewhere ?? (sibling === undefined ? undefined : joinPath(path, sibling));
  }

  return { known: take([schema], value, ""), unknown };
}

const MAX_SCHEMA_DEPTH = 8;

/** Every dotted path through mappings that the schema knows, shallow ones first. */
function allPaths(schema: Schema): string[] {
  let level: { path: string; schemas: readonly Schema[] }[] = [{ path: "", schemas: [schema] }];
  const paths: string[] = [];
  for (let depth = 0; depth < MAX_SCHEMA_DEPTH && level.length > 0; depth++) {
    level = level.flatMap(({ path, schemas }) => {
      const fields = fieldsOf(schemas.flatMap((each) => alternatives(each, undefined)));
      return [...(fields?.named ?? [])].map(([key, children]) => ({ path: joinPath(path, key), schemas: children }));
    });
    paths.push(...level.map(({ path }) => path));
  }
  return paths;
}
