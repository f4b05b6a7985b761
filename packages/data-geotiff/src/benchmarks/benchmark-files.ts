import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@graticule/core";
import { downloadFile, extractArchive, type HttpOptions, verifyChecksum } from "@graticule/data";
import type { BenchmarkFile } from "./scene-benchmarks.js";

/** Where a benchmark's files come from. */
export interface FetchOptions {
  /** Fetches what is missing; false if absent. */
  readonly download?: boolean;
  /** Address of a folder that holds the files under their own names, in place of the official addresses. */
  readonly mirror?: string;
  /** How servers are asked. */
  readonly http?: HttpOptions;
}

/**
 * Makes sure that a published file lies in the root, fetching it if asked.
 *
 * @throws {ConfigError} that says what to fetch and where to put it. @throws {FormatError} if its checksum differs.
 */
export async function ensureFile(
  where: string,
  root: string,
  file: BenchmarkFile,
  options: FetchOptions,
): Promise<string> {
  const path = join(root, file.name);
  if (existsSync(path)) return path;
  const url = options.mirror === undefined ? file.url : `${options.mirror.replace(/\/$/, "")}/${file.name}`;
  if (!options.download)
    throw new ConfigError(
      `${where}: expected '${path}', got no such file. Set download to true, or fetch ${url} (${file.checksum.algorithm} ${file.checksum.hex}) and put it there.`,
    );
  await downloadFile(url, path, { ...options.http, checksum: file.checksum });
  return path;
}

/**
 * Makes sure that an archive is extracted into the root: from the file there, or fetched if asked.
 *
 * @throws {ConfigError} {FormatError} as `ensureFile`, or if the archive is damaged or hostile.
 */
export async function ensureExtracted(
  where: string,
  root: string,
  file: BenchmarkFile,
  options: FetchOptions,
): Promise<void> {
  const wasThere = existsSync(join(root, file.name));
  const archive = await ensureFile(where, root, file, options);
  // What was fetched just now is verified already.
  if (wasThere) await verifyChecksum(archive, file.checksum);
  await extractArchive(archive, root);
}
