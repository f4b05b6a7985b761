import { ConfigError, expectation } from "@graticule/core";
import type { z } from "zod";
import { describeIssue } from "./describe-issue.js";
import { mergeLayers } from "./merge-layers.js";
import { applyOverride, parseOverride } from "./overrides.js";
import { copyPlainData, deepFreeze, isPlainObject, type PlainData, type PlainObject, showValue } from "./plain-data.js";
import { takeUnknownKeys } from "./unknown-keys.js";

/** One source of settings; later layers win. */
export interface ConfigLayer {
  /** Named in error messages, e.g. the file's path. */
  readonly name: string;
  /** A plain mapping. */
  readonly value: unknown;
}

export interface ResolveConfigOptions<S extends z.ZodType> {
  readonly schema: S;
  readonly layers?: readonly ConfigLayer[];
  /** `a.b=c`, applied in order after all layers. */
  readonly overrides?: readonly string[];
}

/**
 * Merges layers and overrides, checks them against the schema and fills in defaults. The result is frozen.
 *
 * @throws {ConfigError} that lists every unknown key, with the nearest known one, and every value that doesn't fit.
 */
export function resolveConfig<S extends z.ZodType>(options: ResolveConfigOptions<S>): z.output<S> {
  const { schema } = options;
  const layers = (options.layers ?? []).map(({ name, value }) => ({ name, value: readLayer(name, value) }));
  const overrides = (options.overrides ?? []).map(parseOverride);
  let merged: PlainObject = {};
  for (const layer of layers) merged = mergeLayers([schema], merged, layer.value) as PlainObject;
  // Twice, so that a change of kind (which drops the old kind's fields) keeps the fields overridden before it.
  for (const override of [...overrides, ...overrides]) merged = applyOverride(schema, merged, override);

  const { known, unknown } = takeUnknownKeys(schema, merged);
  const result = schema.safeParse(known);
  const unknownLines = unknown.map(({ path, nearest }) => ({
    path,
    line: expectation(path, "a known key", `'${path.slice(path.lastIndexOf(".") + 1)}'`, suggest(nearest)),
  }));
  const valueLines = (result.error?.issues ?? [])
    .flatMap((issue) => describeIssue(issue, known))
    .map(({ path, expected, got }) => ({ path, line: expectation(path || "config", expected, got) }));
  const lines = [...unknownLines, ...valueLines].map(
    ({ path, line }) => `${line}${originOf(path.split("."), layers, overrides)}`,
  );
  if (!result.success || lines.length > 0)
    throw new ConfigError(
      lines.length === 1
        ? `config: ${lines[0]}`
        : `config: expected a valid configuration, got ${lines.length} problems.\n${lines.map((line) => `  ${line}`).join("\n")}`,
      { cause: result.error },
    );
  return deepFreeze(result.data);
}

function readLayer(name: string, value: unknown): PlainObject {
  const data = copyPlainData(value, name);
  if (!isPlainObject(data))
    throw new ConfigError(expectation(name, "a mapping", showValue(data), "A config is a mapping of keys to values."));
  return data;
}

function suggest(nearest: string | undefined): string {
  return nearest === undefined ? "No keys are known here; remove it." : `Did you mean '${nearest}'?`;
}

/** ` (set by …)`: the last layer or override that touched the path. */
function originOf(
  path: readonly string[],
  layers: readonly { name: string; value: PlainObject }[],
  overrides: readonly { text: string; path: readonly string[] }[],
): string {
  const override = overrides.findLast(({ path: set }) =>
    set.slice(0, path.length).every((key, index) => key === path[index]),
  );
  if (override) return ` (set by override '${override.text}')`;
  const layer = layers.findLast(({ value }) => reaches(value, path));
  return layer ? ` (set by ${layer.name})` : "";
}

function reaches(value: PlainData, path: readonly string[]): boolean {
  let node: unknown = value;
  for (const key of path) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return false;
    node = (node as Record<string, unknown>)[key];
  }
  return true;
}
