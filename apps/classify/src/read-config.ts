import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type ConfigLayer, loadConfig } from "@graticule/config";
import { ConfigError } from "@graticule/core";
import { RUN_CONFIG_FILE } from "@graticule/train";
import type { z } from "zod";

/** Reads a command's configuration from presets, files and overrides, with this machine's file system. */
export function readConfig<S extends z.ZodType>(
  schema: S,
  sources: {
    readonly presets?: readonly ConfigLayer[];
    readonly files?: readonly string[];
    readonly overrides?: readonly string[];
  },
): Promise<z.output<S>> {
  return loadConfig({
    schema,
    ...sources,
    readText: (path) => readFile(path, "utf8"),
    importModule: (path) => import(pathToFileURL(path).href),
  });
}

/**
 * Reads the settings that a run was started with, and changes some of them.
 *
 * @throws {ConfigError} if the folder holds no run.
 */
export async function readRunConfig<S extends z.ZodType>(
  schema: S,
  runFolder: string,
  overrides: readonly string[] = [],
): Promise<z.output<S>> {
  const path = join(runFolder, RUN_CONFIG_FILE);
  if (!existsSync(path))
    throw new ConfigError(
      `${runFolder}: expected a run with a ${RUN_CONFIG_FILE}, got none. Name the folder of a run.`,
    );
  return readConfig(schema, { files: [path], overrides });
}
