import { mkdir, readFile, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Logger } from "@graticule/core";
import { writeDurably } from "@graticule/data";
import { withRunLock } from "@graticule/train";
import { changedPart, type MapIdentity } from "./map-identity.js";
import { openRowJournal, type RowJournal } from "./row-journal.js";

/** A map in the making. */
export interface MapWork {
  readonly journal: RowJournal;
  /** Removes everything, once the map stands. */
  remove(): Promise<void>;
}

const IDENTITY_FILE = "identity.json";
const ROWS_FILE = "rows";

const folderOf = (base: string): string => join(dirname(base), `.${basename(base)}.predicting`);

/**
 * Calls a function while no other process makes the same map.
 *
 * @throws {GraticuleError} if one does.
 */
export async function withMapLock<T>(base: string, logger: Logger, run: () => Promise<T>): Promise<T> {
  const folder = folderOf(base);
  try {
    return await withRunLock({ runFolder: folder, logger }, run);
  } finally {
    await rmdir(folder).catch(() => {}); // It stays where unfinished rows are in it, or another process is.
  }
}

/** Opens the unfinished rows beside a map, or begins them: those of another run, source or setting are dropped. */
export async function openMapWork(
  base: string,
  identity: MapIdentity,
  { source, logger }: { readonly source: string; readonly logger: Logger },
): Promise<MapWork> {
  const folder = folderOf(base);
  const [path, rows] = [IDENTITY_FILE, ROWS_FILE].map((name) => join(folder, name)) as [string, string];
  const remove = async (): Promise<void> => {
    for (const file of [path, rows]) await rm(file, { force: true });
  };
  const before = await readIdentity(path);
  const changed = before && changedPart(before, identity);
  if (changed !== undefined)
    logger.warn(`${source}: ${changed} has changed since unfinished rows were kept; starting anew`);
  if (!before || changed !== undefined) {
    await remove();
    await mkdir(folder, { recursive: true });
    await writeDurably(path, `${JSON.stringify(identity)}\n`);
  }
  return { journal: await openRowJournal(rows), remove };
}

/** Reads what a map or unfinished rows follow from; undefined if the file is absent or holds something else. */
export async function readIdentity(path: string): Promise<MapIdentity | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  try {
    const stored = JSON.parse(text ?? "null");
    return stored && typeof stored === "object" ? (stored as MapIdentity) : undefined;
  } catch {
    return undefined; // Of another program, or torn: not of this map.
  }
}
