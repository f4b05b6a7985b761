import { mkdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Logger } from "@graticule/core";
import { writeDurably } from "@graticule/data";
import { changedPart, type MapIdentity } from "./map-identity.js";
import { openRowJournal, type RowJournal } from "./row-journal.js";

/** A map in the making. */
export interface MapWork {
  readonly journal: RowJournal;
  /** Removes everything, once the map stands. */
  remove(): Promise<void>;
}

const IDENTITY_FILE = "identity.json";

/** Opens the folder of unfinished rows beside a map, or begins it: rows of another run, source or setting are dropped. */
export async function openMapWork(
  base: string,
  identity: MapIdentity,
  { source, logger }: { readonly source: string; readonly logger: Logger },
): Promise<MapWork> {
  const folder = join(dirname(base), `.${basename(base)}.predicting`);
  const path = join(folder, IDENTITY_FILE);
  const before = await readIdentity(path);
  const changed = before && changedPart(before, identity);
  if (changed !== undefined)
    logger.warn(`${source}: ${changed} has changed since unfinished rows were kept; starting anew`);
  if (!before || changed !== undefined) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await writeDurably(path, `${JSON.stringify(identity)}\n`);
  }
  const journal = await openRowJournal(join(folder, "rows"));
  return { journal, remove: () => rm(folder, { recursive: true, force: true }) };
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
