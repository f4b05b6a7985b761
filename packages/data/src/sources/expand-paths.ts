import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "@graticule/core";

/**
 * The files that paths stand for: each itself, all of a folder (names that start with a dot left out), or those that
 * match `*` and `?` in its last part, by name. A folder is taken for a Zarr store, a file, if its name ends in `.zarr`.
 *
 * @throws {ConfigError} if one stands for none, naming `where`.
 */
export async function expandPaths(where: string, patterns: string | readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const pattern of [patterns].flat()) {
    const found = await listMatches(where, pattern);
    if (found.length === 0)
      throw new ConfigError(`${where}: expected files, got none at '${pattern}'. Check the path or pattern.`);
    paths.push(...found);
  }
  if (paths.length === 0) throw new ConfigError(`${where}: expected files, got an empty list. Name at least one.`);
  return paths;
}

async function listMatches(where: string, pattern: string): Promise<string[]> {
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
    throw new ConfigError(`${where}: expected a folder, got '${folder}'. Check the path.`, { cause });
  });
  return entries
    .filter((entry) => !entry.name.startsWith(".") && matcher.test(entry.name))
    .filter((entry) => !entry.isDirectory() || entry.name.endsWith(".zarr"))
    .map((entry) => join(folder, entry.name))
    .sort((a, b) => (a < b ? -1 : 1));
}
