import { ConfigError, expectation } from "@graticule/core";

/** What a config is made of: what JSON can hold, as plain objects and arrays. */
export type PlainData = null | boolean | number | string | readonly PlainData[] | { readonly [key: string]: PlainData };

export type PlainObject = { [key: string]: PlainData };

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
const MAX_DEPTH = 64;
const MAX_NODES = 1_000_000;

/** True for an object written as `{…}`: no array, no class instance. */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Refuses a key that would reach an object's prototype.
 *
 * @throws {ConfigError} for `__proto__`, `constructor` and `prototype`.
 */
export function assertSafeKey(key: string, where: string): void {
  if (FORBIDDEN_KEYS.has(key))
    throw new ConfigError(
      expectation(where, "ordinary keys", `'${key}'`, "That name is reserved by JavaScript; rename it."),
    );
}

/**
 * Copies a value as plain data; keys whose value is `undefined` are left out.
 *
 * @throws {ConfigError} if the value holds a function, class instance or reserved key, or nests deeper than 64 levels.
 */
export function copyPlainData(value: unknown, where: string): PlainData {
  let nodes = 0;
  function copy(node: unknown, path: string, depth: number): PlainData {
    nodes += 1;
    if (depth > MAX_DEPTH)
      throw new ConfigError(
        expectation(where, `at most ${MAX_DEPTH} levels of nesting`, "more", "Flatten the config."),
      );
    if (nodes > MAX_NODES)
      throw new ConfigError(
        expectation(where, `at most ${MAX_NODES} values`, "more", "Keep data out of the config; name a file instead."),
      );
    if (node === null || typeof node === "boolean" || typeof node === "number" || typeof node === "string") return node;
    if (Array.isArray(node)) return node.map((item: unknown, index) => copy(item, joinPath(path, index), depth + 1));
    if (isPlainObject(node)) {
      const result: PlainObject = {};
      for (const [key, child] of Object.entries(node as Record<string, unknown>)) {
        assertSafeKey(key, path === "" ? where : `${where}: ${path}`);
        if (child !== undefined) result[key] = copy(child, joinPath(path, key), depth + 1);
      }
      return result;
    }
    throw new ConfigError(
      expectation(
        path === "" ? where : `${where}: ${path}`,
        "text, numbers, booleans, null, lists and mappings",
        nameOf(node),
        "Write the value as plain data.",
      ),
    );
  }
  return copy(value, "", 0);
}

/** Joins a dotted path and one more key or index. */
export function joinPath(path: string, key: string | number): string {
  return path === "" ? String(key) : `${path}.${key}`;
}

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

/** Writes a value as an error message shows it, at most 60 characters. */
export function showValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "object" && value !== null && !Array.isArray(value) && !isPlainObject(value))
    return nameOf(value);
  const text =
    typeof value === "string"
      ? `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"')}'`
      : typeof value === "number"
        ? String(value)
        : toJson(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

function nameOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return `a ${typeof value}`;
  return `a ${(value as object).constructor?.name ?? "object"}`;
}
