import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { ConfigError, FormatError } from "@graticule/core";
import { extractTar } from "./extract-tar.js";
import { extractZip } from "./extract-zip.js";

export interface ExtractOptions {
  /** Most bytes that the archive's files may have together. 256 GiB if absent. */
  readonly maxBytes?: number;
  /** Most files and folders. 5 million if absent. */
  readonly maxEntries?: number;
}

/** Counts what an archive holds as it is read, and refuses what must not be written. */
export interface ExtractGuard {
  /**
   * @throws {FormatError} if the name leaves the folder, the entry is no file or folder, or a limit is exceeded.
   */
  check(entry: { readonly name: string; readonly kind: "file" | "folder" | "other"; readonly bytes: number }): void;
}

const DEFAULT_MAX_BYTES = 2 ** 38;
const DEFAULT_MAX_ENTRIES = 5_000_000;
/** Real archives of images expand far less; deflate could up to 1032 times. */
const MAX_RATIO = 200;
const RATIO_FREE_BYTES = 2 ** 24;

/**
 * Extracts a .zip, .tar, .tar.gz or .tgz into a folder. The files appear only after all of them were extracted; links
 * and names that leave the folder are refused, and so is an archive that expands beyond the limits.
 *
 * @returns names of the top-level files and folders, sorted.
 * @throws {FormatError} naming archive and entry. @throws {ConfigError} if a top-level name is there already, or the
 * kind of archive is unknown.
 */
export async function extractArchive(archive: string, folder: string, options: ExtractOptions = {}): Promise<string[]> {
  const extract = /\.zip$/i.test(archive) ? extractZip : /\.(tar|tar\.gz|tgz)$/i.test(archive) ? extractTar : undefined;
  if (extract === undefined)
    throw new ConfigError(
      `extractArchive: expected .zip, .tar, .tar.gz or .tgz, got '${archive}'. Extract it by hand.`,
    );
  const found = await stat(archive).catch((cause) => {
    throw new FormatError(
      archive,
      "a readable archive",
      (cause as NodeJS.ErrnoException).code ?? "an error",
      undefined,
      {
        cause,
      },
    );
  });
  await mkdir(folder, { recursive: true });
  const temporary = await mkdtemp(join(folder, `.${basename(archive)}.extracting-`));
  try {
    await extract(archive, temporary, makeGuard(archive, found.size, options));
    const names = (await readdir(temporary)).sort();
    const present = new Set(await readdir(folder));
    const taken = names.find((name) => present.has(name));
    if (taken !== undefined)
      throw new ConfigError(
        `extractArchive: expected no '${taken}' in '${folder}', got one. Remove it, or extract '${archive}' by hand.`,
      );
    for (const name of names) await rename(join(temporary, name), join(folder, name));
    return names;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function makeGuard(archive: string, archiveBytes: number, options: ExtractOptions): ExtractGuard {
  const { maxBytes = DEFAULT_MAX_BYTES, maxEntries = DEFAULT_MAX_ENTRIES } = options;
  const limit = Math.min(maxBytes, RATIO_FREE_BYTES + archiveBytes * MAX_RATIO);
  let entries = 0;
  let total = 0;
  const fail = (expected: string, got: string): never => {
    throw new FormatError(archive, expected, got, "The archive may be hostile: don't extract it.");
  };
  return {
    check({ name, kind, bytes }) {
      const parts = name.split("/");
      const leaves = /^[\\/]|^[a-z]:|\\|\0/i.test(name) || parts.includes("..");
      if (leaves || name === "") fail("names inside the folder", `'${name}'`);
      if (kind === "other") fail("files and folders only", `a link or device '${name}'`);
      entries += 1;
      total += bytes;
      if (entries > maxEntries) fail(`at most ${maxEntries} entries`, "more");
      if (total > limit) fail(`at most ${limit} bytes of files`, `${total} with '${name}'`);
    },
  };
}
