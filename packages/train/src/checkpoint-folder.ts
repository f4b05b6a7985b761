import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "./durable-file.js";

const PARTIAL_PREFIX = ".partial-";
const STEP_FOLDER = /^step-(\d{8,})$/;

/** Folder that holds all checkpoints of a run. */
export function checkpointsFolder(runFolder: string): string {
  return join(runFolder, "checkpoints");
}

/** Name of a checkpoint's folder: `step-00000123`. */
export function stepFolderName(step: number): string {
  return `step-${String(step).padStart(8, "0")}`;
}

/** Checkpoint folders of a run, complete or not, newest first. */
export async function listCheckpoints(runFolder: string): Promise<{ readonly step: number; readonly path: string }[]> {
  const folder = checkpointsFolder(runFolder);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const step = STEP_FOLDER.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), path: join(folder, name) }];
    })
    .sort((a, b) => b.step - a.step);
}

/** Removes what interrupted saves left behind. Only one process may train in a run folder. */
export async function removePartialCheckpoints(runFolder: string): Promise<void> {
  const folder = checkpointsFolder(runFolder);
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder))
    if (name.startsWith(PARTIAL_PREFIX)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Where the next checkpoint is written before it gets its name. */
export function partialFolder(runFolder: string, step: number): string {
  return join(checkpointsFolder(runFolder), `${PARTIAL_PREFIX}${stepFolderName(step)}`);
}

/** Makes an empty folder beside the checkpoints to write the next one in. */
export async function makePartialFolder(runFolder: string, step: number): Promise<void> {
  const path = partialFolder(runFolder, step);
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
}

/** Removes a checkpoint so that it is there in whole or not at all, also when this is interrupted. */
async function removeAtOnce(runFolder: string, path: string, step: number): Promise<void> {
  const aside = join(checkpointsFolder(runFolder), `${PARTIAL_PREFIX}removed-${stepFolderName(step)}`);
  await rm(aside, { recursive: true, force: true });
  await rename(path, aside);
  await rm(aside, { recursive: true, force: true });
}

/** Gives a fully written folder its name, in place of a corrupt checkpoint of the same step if there is one. */
export async function publishCheckpoint(runFolder: string, partial: string, step: number): Promise<void> {
  const folder = checkpointsFolder(runFolder);
  await syncFolder(partial);
  const existing = (await listCheckpoints(runFolder)).find((checkpoint) => checkpoint.step === step);
  if (existing) await removeAtOnce(runFolder, existing.path, step);
  await rename(partial, join(folder, stepFolderName(step)));
  await syncFolder(folder);
  await syncFolder(runFolder);
}

/**
 * Removes old checkpoints so that `keep` remain up to and with `newestStep`, which the caller knows to be valid and
 * which always stays. Later steps can only be corrupt leftovers; they stay until they are reached.
 */
export async function pruneCheckpoints(runFolder: string, keep: number, newestStep: number): Promise<void> {
  const older = (await listCheckpoints(runFolder)).filter(({ step }) => step < newestStep);
  for (const { path, step } of older.slice(Math.max(0, keep - 1))) await removeAtOnce(runFolder, path, step);
}
