import type { core } from "zod";
import { isPlainObject, type PlainData } from "./plain-data.js";

/** Any zod 4 schema. */
export type Schema = core.$ZodType;

/** What a schema says about the keys of a mapping: its named fields, and whether any other key is fine too. */
export interface Fields {
  readonly named: ReadonlyMap<string, readonly Schema[]>;
  readonly isOpen: boolean;
}

/** The parts of zod's public `_zod.def` that a walk over a schema reads. */
interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly getter?: () => Schema;
  readonly options?: readonly Schema[];
  readonly left?: Schema;
  readonly right?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly catchall?: Schema;
  readonly element?: Schema;
  readonly items?: readonly Schema[];
  readonly rest?: Schema | null;
  readonly valueType?: Schema;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly defaultValue?: unknown;
}

const WRAPPERS: ReadonlySet<string> = new Set([
  "optional",
  "nullable",
  "default",
  "prefault",
  "readonly",
  "nonoptional",
  "catch",
]);

function definitionOf(schema: Schema): Definition {
  return schema._zod.def as unknown as Definition;
}

/** The schemas that could describe `value`: wrappers taken off, unions narrowed by their literal fields. */
export function alternatives(schema: Schema, value: PlainData | undefined): readonly Schema[] {
  const definition = definitionOf(schema);
  if (definition.innerType && WRAPPERS.has(definition.type)) return alternatives(definition.innerType, value);
  if (definition.type === "pipe" && definition.in) return alternatives(definition.in, value);
  if (definition.type === "lazy" && definition.getter) return alternatives(definition.getter(), value);
  if (definition.type === "intersection" && definition.left && definition.right)
    return [...alternatives(definition.left, value), ...alternatives(definition.right, value)];
  if (definition.type === "union" && definition.options) {
    const all = definition.options.flatMap((option) => alternatives(option, value));
    const fitting = all.filter((option) => literalsFit(option, value));
    return fitting.length > 0 ? fitting : all;
  }
  return [schema];
}

/** True unless a literal or enum field of the object schema contradicts the value. */
function literalsFit(schema: Schema, value: PlainData | undefined): boolean {
  if (!isPlainObject(value)) return true;
  return Object.entries(definitionOf(schema).shape ?? {}).every(([key, field]) => {
    const allowed = literalValues(field);
    return allowed === undefined || !Object.hasOwn(value, key) || allowed.includes(value[key]);
  });
}

function literalValues(schema: Schema): readonly unknown[] | undefined {
  const definition = definitionOf(schema);
  if (definition.innerType && WRAPPERS.has(definition.type)) return literalValues(definition.innerType);
  if (definition.type === "literal") return definition.values;
  if (definition.type === "enum") return Object.values(definition.entries ?? {});
  return undefined;
}

/** Literal fields whose change means another kind of thing, e.g. `kind` in a union of optimizers. */
export function discriminators(schemas: readonly Schema[]): readonly string[] {
  const names = schemas.flatMap((schema) =>
    Object.entries(definitionOf(schema).shape ?? {})
      .filter(([, field]) => isLiteral(field))
      .map(([key]) => key),
  );
  return [...new Set(names)];
}

/** True for a literal, and for one that has a default. */
function isLiteral(schema: Schema): boolean {
  const { type, innerType } = definitionOf(schema);
  return type === "literal" || (innerType !== undefined && WRAPPERS.has(type) && isLiteral(innerType));
}

/** The fields of the mappings among `schemas`; `undefined` if none of them is a mapping. */
export function fieldsOf(schemas: readonly Schema[]): Fields | undefined {
  const named = new Map<string, Schema[]>();
  let isOpen = false;
  let isMapping = false;
  for (const schema of schemas) {
    const definition = definitionOf(schema);
    if (definition.type === "object") {
      isMapping = true;
      isOpen ||= definition.catchall !== undefined && definitionOf(definition.catchall).type !== "never";
      for (const [key, field] of Object.entries(definition.shape ?? {})) {
        const known = named.get(key);
        if (known) known.push(field);
        else named.set(key, [field]);
      }
    } else if (["record", "any", "unknown", "custom", "transform"].includes(definition.type)) {
      isMapping = true;
      isOpen = true;
    }
  }
  return isMapping ? { named, isOpen } : undefined;
}

/** The schemas of one child of a mapping or list; empty if the schemas don't know it. */
export function childSchemas(schemas: readonly Schema[], key: string | number): readonly Schema[] {
  return schemas.flatMap((schema): readonly Schema[] => {
    const definition = definitionOf(schema);
    const child =
      definition.type === "object"
        ? (definition.shape?.[key] ?? definition.catchall)
        : definition.type === "record"
          ? definition.valueType
          : definition.type === "array"
            ? definition.element
            : definition.type === "tuple"
              ? (definition.items?.[Number(key)] ?? definition.rest)
              : undefined;
    return child ? [child] : [];
  });
}

/** The default that a schema gives to an absent value, before its fields are defaulted themselves. */
export function defaultOf(schema: Schema): unknown {
  const definition = definitionOf(schema);
  if (definition.type === "default" || definition.type === "prefault") return definition.defaultValue;
  if (definition.innerType && WRAPPERS.has(definition.type)) return defaultOf(definition.innerType);
  return undefined;
}
