import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { type ConfigLayer, loadConfig } from "@graticule/config";
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
