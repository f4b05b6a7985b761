import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GraticuleError } from "@graticule/core";
import type { AdamWState } from "@graticule/optim";
import type { Tensor } from "@tensorflow/tfjs-core";
import { makePartialFolder, pruneCheckpoints, publishCheckpoint } from "./checkpoint-folder.js";
import {
  type CheckpointState,
  encodeCheckpointState,
  MODEL_FILE,
  OPTIMIZER_FILE,
  STATE_FILE,
} from "./checkpoint-state.js";
import { type FileDigest, writeDurably } from "./durable-file.js";
import { tensorEntry, writeSafetensors } from "./safetensors-file.js";

/** Thrown when a checkpoint could not be written, e.g. because the disk is full; earlier checkpoints are untouched. */
export class CheckpointError extends GraticuleError {
  readonly step: number;

  constructor(step: number, message: string, options: ErrorOptions) {
    super("GRATICULE_CHECKPOINT", message, options);
    this.step = step;
  }
}

export interface SaveCheckpointOptions {
  readonly runFolder: string;
  /** How many checkpoints remain after this one is complete, itself included. */
  readonly keep: number;
  readonly state: Omit<
    CheckpointState,
    "formatVersion" | "packageVersion" | "configFingerprint" | "optimizerUpdates" | "files"
  >;
  readonly model: ReadonlyMap<string, Tensor>;
  readonly optimizer: AdamWState;
}

/**
 * Writes a checkpoint that is either complete or absent: files are written aside and synced, then the folder gets its
 * name. One tensor at a time is in host memory. Returns the folder.
 *
 * @throws {CheckpointError} if anything can't be written; what was written aside is removed.
 */
export async function saveCheckpoint(options: SaveCheckpointOptions): Promise<string> {
  const { runFolder, keep, state, model, optimizer } = options;
  let partial: string | undefined;
  try {
    partial = await makePartialFolder(runFolder, state.step);
    const files: Record<string, FileDigest> = {};
    for (const [name, tensors] of [
      [MODEL_FILE, model],
      [OPTIMIZER_FILE, optimizer.tensors],
    ] as const) {
      const entries = [...tensors].map(([path, tensor]) => tensorEntry(path, tensor));
      files[name] = await writeSafetensors(join(partial, name), entries, { format: "pt" });
    }
    const text = new TextEncoder().encode(
      encodeCheckpointState({ ...state, optimizerUpdates: optimizer.updates, files }),
    );
    await writeDurably(join(partial, STATE_FILE), [text]);
    const path = await publishCheckpoint(runFolder, partial, state.step);
    await pruneCheckpoints(runFolder, keep, state.step);
    return path;
  } catch (cause) {
    if (partial) await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw new CheckpointError(
      state.step,
      `checkpoint of step ${state.step}: expected to write ${runFolder}, got ${(cause as Error).message}. ` +
        "Earlier checkpoints are intact; free space on the disk, then resume.",
      { cause },
    );
  }
}
