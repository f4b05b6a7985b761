import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@graticule/core";

/**
 * The file of a preset.
 *
 * @param folder of an app's presets.
 * @throws {ConfigError} if there is no such preset.
 */
export async function presetPath(folder: URL, name: string): Promise<string> {
  const names = (await readdir(folder)).map((file) => file.replace(/\.yaml$/, ""));
  if (names.includes(name)) return fileURLToPath(new URL(`${name}.yaml`, folder));
  throw new ConfigError(`--preset: expected one of ${names.join(", ")}, got '${name}'. Or give a file with --config.`);
}
