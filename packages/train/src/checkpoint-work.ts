import { join } from "node:path";
import { partialFolder, pruneCheckpoints, publishCheckpoint } from "./checkpoint-folder.js";
import { STATE_FILE } from "./checkpoint-names.js";
import { type FileDigest, writeDurably } from "./durable-file.js";

/** A file of a checkpoint: its name, and its bytes in slices. */
export interface FileToWrite {
  readonly name: string;
  readonly slices: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What a process does for a checkpoint without the model: plain data, for a thread as well. */
export type CheckpointWork =
  | { readonly kind: "write"; readonly folder: string; readonly files: readonly FileToWrite[] }
  | {
      readonly kind: "commit";
      readonly runFolder: string;
      readonly step: number;
      /** How many checkpoints remain. */
      readonly keep: number;
      /** Text of `state.json`. */
      readonly state: string;
    };

/** Writes and syncs a process's files and returns their digests, or gives a checkpoint that is written its name. */
export async function doCheckpointWork(work: CheckpointWork): Promise<Record<string, FileDigest>> {
  const written: Record<string, FileDigest> = {};
  if (work.kind === "write") {
    for (const { name, slices } of work.files) written[name] = await writeDurably(join(work.folder, name), slices);
    return written;
  }
  const { runFolder, step, keep, state } = work;
  const partial = partialFolder(runFolder, step);
  await writeDurably(join(partial, STATE_FILE), [new TextEncoder().encode(state)]);
  await publishCheckpoint(runFolder, partial, step);
  await pruneCheckpoints(runFolder, keep, step);
  return written;
}
