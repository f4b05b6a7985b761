import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GraticuleError } from "@graticule/core";
import type { AdamWState } from "@graticule/optim";
import type { Tensor } from "@tensorflow/tfjs-core";
import {
  checkpointsFolder,
  makePartialFolder,
  partialFolder,
  pruneCheckpoints,
  publishCheckpoint,
  stepFolderName,
} from "./checkpoint-folder.js";
import {
  type CheckpointState,
  encodeCheckpointState,
  fileOfProcess,
  MODEL_FILE,
  OPTIMIZER_FILE,
  STATE_FILE,
} from "./checkpoint-state.js";
import { partsMetadata } from "./checkpoint-tensors.js";
import { type FileDigest, writeDurably } from "./durable-file.js";
import { type SafetensorsWriteEntry, tensorEntry, writeSafetensors } from "./safetensors-file.js";
import { type Strategy, singleDevice } from "./strategy.js";
import { isWhole, type TensorPart } from "./tensor-part.js";
import { together } from "./together.js";

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
  /** The processes that save it together; each calls this. This one alone unless given. */
  readonly strategy?: Strategy;
}

/**
 * Writes a checkpoint that is either complete or absent: files are written aside and synced, by each process those of the
 * parts that it holds, then the folder gets its name. One tensor at a time is in host memory. Returns the folder.
 *
 * @throws {CheckpointError} if a process can't write its part, on every process; what was written aside is removed.
 */
export async function saveCheckpoint(options: SaveCheckpointOptions): Promise<string> {
  const { runFolder, keep, state, optimizer, strategy = singleDevice() } = options;
  const { step } = state;
  const partial = partialFolder(runFolder, step);
  const isFirst = strategy.rank === 0;
  try {
    await together(strategy, async () => {
      if (isFirst) await makePartialFolder(runFolder, step);
    });
    const written = await together(strategy, () => writeOwnFiles(partial, options, strategy));
    const files: Record<string, FileDigest> = Object.assign({}, ...written);
    // Of parameters that not all processes hold, others count the updates.
    const optimizerUpdates = Object.assign({}, ...(await strategy.gather(optimizer.updates)));
    await together(strategy, async () => {
      if (!isFirst) return;
      const text = encodeCheckpointState({ ...state, optimizerUpdates, files });
      await writeDurably(join(partial, STATE_FILE), [new TextEncoder().encode(text)]);
      await publishCheckpoint(runFolder, partial, step);
      await pruneCheckpoints(runFolder, keep, step);
    });
    return join(checkpointsFolder(runFolder), stepFolderName(step));
  } catch (cause) {
    if (isFirst) await rm(partial, { recursive: true, force: true }).catch(() => {});
    throw new CheckpointError(
      step,
      `checkpoint of step ${step}: expected to write ${runFolder}, got ${(cause as Error).message}. ` +
        "Earlier checkpoints are intact; free space on the disk, then resume.",
      { cause },
    );
  }
}

/** Writes the files of this process; none where others hold all that it has. */
async function writeOwnFiles(
  folder: string,
  { model, optimizer }: SaveCheckpointOptions,
  { rank, worldSize, parts }: Strategy,
): Promise<Record<string, FileDigest>> {
  const files: Record<string, FileDigest> = {};
  for (const [name, tensors] of [
    [MODEL_FILE, model],
    [OPTIMIZER_FILE, optimizer.tensors],
  ] as const) {
    const entries: SafetensorsWriteEntry[] = [];
    const placed = new Map<string, TensorPart>();
    for (const [path, tensor] of tensors) {
      const owned = parts.get(path) ?? parts.get(path.slice(0, path.lastIndexOf(".")));
      if (!owned) {
        if (rank === 0) entries.push(tensorEntry(path, tensor));
      } else if (owned.isSaved && owned.length > 0) {
        const { shape, slice, start, length } = owned;
        const part: TensorPart = { shape, ...(slice && { slice }), start, length };
        placed.set(path, part);
        const entry = tensorEntry(path, parts.has(path) ? owned.values : tensor);
        entries.push({ ...entry, shape: isWhole(part) ? shape : [length] });
      }
    }
    if (rank > 0 && entries.length === 0) continue;
    const file = parts.size === 0 ? name : fileOfProcess(name, rank, worldSize);
    files[file] = await writeSafetensors(join(folder, file), entries, partsMetadata(placed));
  }
  return files;
}
