import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "@graticule/core";

/**
 * The files that a series is of: a list as it is, all of a folder (names that start with a dot left out), or those
 * that match `*` and `?` in the last part of a path. A folder is taken for a Zarr store if its name ends in `.zarr`.
 *
 * @throws {ConfigError} if there are none.
 */
export async function expandPaths(uris: string | readonly string[]): Promise<readonly string[]> {
  const found = typeof uris === "string" ? await expandPattern(uris) : uris;
  if (found.length === 0)
    throw new ConfigError(`openSeries: expected files, got none at '${uris}'. Check the path or pattern.`);
  return found;
}

async function expandPattern(pattern: string): Promise<string[]> {
  const name = basename(pattern);
  const isFolder =
    !/[*?]/.test(name) && !name.endsWith(".zarr") && (await stat(pattern).catch(() => undefined))?.isDirectory();
  if (!isFolder && (!/[*?]/.test(name) || pattern.includes("://"))) return [pattern];
  const folder = isFolder ? pattern : dirname(pattern);
  const escaped = isFolder
    ? ".*"
    : name
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".");
  const matcher = new RegExp(`^${escaped}$`);
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw new ConfigError(`openSeries: expected a folder, got '${folder}'. Check the path.`, { cause });
  });
  return entries
    .filter((entry) => !entry.name.startsWith(".") && matcher.test(entry.name))
    .filter((entry) => !entry.isDirectory() || entry.name.endsWith(".zarr"))
    .map((entry) => join(folder, entry.name))
    .sort((a, b) => (a < b ? -1 : 1));
}
