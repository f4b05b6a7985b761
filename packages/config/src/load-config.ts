import { ConfigError, expectation } from "@graticule/core";
import type { z } from "zod";
import { parseYamlConfig } from "./parse-yaml-config.js";
import { type ConfigLayer, resolveConfig } from "./resolve-config.js";

export interface LoadConfigOptions<S extends z.ZodType> {
  readonly schema: S;
  /** YAML (`.yaml`, `.yml`) or modules (`.ts`, `.js`, `.mjs`) that export `config`; later files win. */
  readonly files?: readonly string[];
  /** `a.b=c`, applied in order after all files. */
  readonly overrides?: readonly string[];
  /** Settings below the files, e.g. an app's built-in preset. */
  readonly presets?: readonly ConfigLayer[];
  /** Reads a text file; the app gives it, so that this package runs in a browser. */
  readonly readText?: (path: string) => string | Promise<string>;
  /** Imports a module; needed for `.ts`, `.js` and `.mjs` files only. */
  readonly importModule?: (path: string) => Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Loads a run's configuration: presets ← files ← overrides, checked and defaulted by the schema, frozen.
 *
 * @throws {ConfigError} if a file can't be read or the outcome doesn't fit the schema.
 */
export async function loadConfig<S extends z.ZodType>(options: LoadConfigOptions<S>): Promise<z.output<S>> {
  const { schema, files = [], overrides = [], presets = [] } = options;
  const layers: ConfigLayer[] = [...presets];
  for (const path of files) layers.push({ name: path, value: await readLayer(path, options) });
  return resolveConfig({ schema, layers, overrides });
}

async function readLayer(
  path: string,
  { readText, importModule }: Pick<LoadConfigOptions<z.ZodType>, "readText" | "importModule">,
): Promise<unknown> {
  const isModule = /\.[cm]?[jt]s$/.test(path);
  if (!isModule && !/\.ya?ml$/.test(path))
    throw new ConfigError(expectation(path, "a .yaml, .ts or .mjs file", "another suffix", "Rename the file."));
  if (!isModule) {
    if (!readText) throw notGiven(path, "readText");
    return parseYamlConfig(await asConfigError(path, () => readText(path)), path);
  }
  if (!importModule) throw notGiven(path, "importModule");
  const module = await asConfigError(path, () => importModule(path));
  const exported = module.config;
  if (exported === undefined)
    throw new ConfigError(
      expectation(path, "an export named 'config'", showNames(module), "Write 'export const config = { … }'."),
    );
  return typeof exported === "function" ? asConfigError(path, () => exported() as unknown) : exported;
}

function notGiven(path: string, option: string): ConfigError {
  return new ConfigError(expectation(path, `${option} to be given`, "none", `Pass ${option} to loadConfig.`));
}

async function asConfigError<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new ConfigError(
      expectation(path, "a readable config file", cause instanceof Error ? cause.message : String(cause)),
      { cause },
    );
  }
}

function showNames(module: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(module);
  return names.length > 0 ? names.map((name) => `'${name}'`).join(", ") : "no exports";
}
