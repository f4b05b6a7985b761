import { ConfigError, expectation } from "@graticule/core";
import { changesKind, defaultAmong } from "./merge-layers.js";
import { parseYamlValue } from "./parse-yaml-config.js";
import { assertSafeKey, isPlainObject, type PlainData, type PlainObject, showValue } from "./plain-data.js";
import { alternatives, childSchemas, type Schema } from "./schema-shape.js";

export interface Override {
  /** The override as it was written. */
  readonly text: string;
  readonly path: readonly string[];
  readonly value: PlainData;
}

/**
 * Reads one `a.b=c`; the value is YAML (`12`, `true`, `[64, 64]`, `{kind: sgd}`), a number in the path is a list index.
 *
 * @throws {ConfigError} if there is no `=`, a part of the path is empty or the value is no YAML.
 */
export function parseOverride(text: string): Override {
  const where = `override '${text}'`;
  const split = text.indexOf("=");
  if (split < 0) throw new ConfigError(expectation(where, "the form a.b=value", "no '='", `Write '${text}=VALUE'.`));
  const path = text.slice(0, split).trim().split(".");
  if (path.some((segment) => segment === ""))
    throw new ConfigError(expectation(where, "keys separated by dots", "an empty key", "Write a.b=value."));
  for (const key of path) assertSafeKey(key, where);
  const written = text.slice(split + 1);
  if (written.trim() === "")
    throw new ConfigError(
      expectation(where, "a value", "nothing", `Write ${path.join(".")}='' for empty text or ${path.join(".")}=null.`),
    );
  return { text, path, value: parseYamlValue(written, where) };
}

/**
 * Sets an override's value in a copy of the config; what lies on the way and is absent starts from its default.
 *
 * @throws {ConfigError} if the path leads through a scalar or past the end of a list.
 */
export function applyOverride(schema: Schema, config: PlainObject, override: Override): PlainObject {
  const where = `override '${override.text}'`;

  function set(schemas: readonly Schema[], node: PlainData | undefined, depth: number): PlainData {
    const key = override.path[depth];
    if (key === undefined) return override.value;
    const base = node ?? defaultAmong(schemas) ?? {};
    const options = schemas.flatMap((each) => alternatives(each, base));
    if (Array.isArray(base)) {
      const index = Number(key);
      if (!(/^\d+$/.test(key) && index < base.length))
        throw new ConfigError(
          expectation(
            where,
            base.length > 0 ? `an index from 0 to ${base.length - 1}` : "a list with elements",
            base.length > 0 ? `'${key}'` : "an empty list",
            "Write the whole list, e.g. a=[1, 2].",
          ),
        );
      return base.with(index, set(childSchemas(options, index), base[index], depth + 1));
    }
    if (!isPlainObject(base))
      throw new ConfigError(
        expectation(
          where,
          `a mapping or list at '${override.path.slice(0, depth).join(".")}'`,
          showValue(base),
          "Shorten the path.",
        ),
      );
    const above = { [key]: set(childSchemas(options, key), base[key], depth + 1) };
    return changesKind(schemas, base, above) ? above : { ...base, ...above };
  }

  return set([schema], config, 0) as PlainObject;
}
