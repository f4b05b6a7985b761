import { ConfigError, expectation } from "@graticule/core";
import { type Document, isScalar, LineCounter, parseDocument, visit } from "yaml";
import { copyPlainData, isPlainObject, type PlainData, type PlainObject, showValue } from "./plain-data.js";
import { yamlNesting } from "./yaml-nesting.js";

const MAX_BYTES = 1024 * 1024;
const MAX_ALIASES = 100;
const MAX_NESTING = 200;

/**
 * Reads the YAML text of a config file; an empty file is an empty config.
 *
 * Source: YAML 1.2.2 core schema; one document, unique keys, no merge keys, no custom tags.
 *
 * @throws {ConfigError} naming `name`, line and column, if the text is no such YAML or its root is no mapping.
 */
export function parseYamlConfig(text: string, name: string): PlainObject {
  const value = parseYamlValue(text, name);
  if (value === null) return {};
  if (!isPlainObject(value))
    throw new ConfigError(
      expectation(name, "a mapping at the root", showValue(value), "Start with a key, such as 'seed: 1'."),
    );
  return value;
}

/**
 * Reads any YAML value: a whole file, or the right-hand side of an override.
 *
 * @throws {ConfigError} as `parseYamlConfig`.
 */
export function parseYamlValue(text: string, name: string): PlainData {
  if (text.length > MAX_BYTES)
    throw new ConfigError(
      expectation(name, "at most 1 MiB of YAML", `${text.length} characters`, "Name the data's file instead."),
    );
  if (yamlNesting(text) > MAX_NESTING)
    throw new ConfigError(expectation(name, "at most 64 levels of nesting", "more", "Flatten the config."));
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  assertWellFormed(document, name, lines);
  return copyPlainData(expandAliases(document, name), name);
}

function expandAliases(document: Document.Parsed, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (cause) {
    throw new ConfigError(
      expectation(
        name,
        `aliases that expand to at most ${MAX_ALIASES} values`,
        cause instanceof Error ? lowerFirst(cause.message) : String(cause),
        "Write repeated values out.",
      ),
      { cause },
    );
  }
}

function assertWellFormed(document: Document.Parsed, name: string, lines: LineCounter): void {
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new ConfigError(
      expectation(`${name}:${line}:${col}`, "valid YAML", lowerFirst(problem.message), "Check indents and quotes."),
      { cause: problem },
    );
  }
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key)) return;
      const offset = (pair.key as { range?: readonly number[] | null }).range?.[0] ?? 0;
      const { line, col } = lines.linePos(offset);
      throw new ConfigError(
        expectation(`${name}:${line}:${col}`, "text as key", "a list, mapping or alias", "Use plain keys."),
      );
    },
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
