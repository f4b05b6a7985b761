import { rm } from "node:fs/promises";
import { join } from "node:path";
import { GraticuleError } from "@graticule/core";
import { bytesPerValue } from "@graticule/nn";
import type { AdamWState } from "@graticule/optim";
import type { Tensor } from "@tensorflow/tfjs-core";
import { checkpointsFolder, makePartialFolder, partialFolder, stepFolderName } from "./checkpoint-folder.js";
import { MODEL_FILE, OPTIMIZER_FILE } from "./checkpoint-names.js";
import { type CheckpointState, encodeCheckpointState, fileOfProcess } from "./checkpoint-state.js";
import { partsMetadata } from "./checkpoint-tensors.js";
import { type CheckpointWork, doCheckpointWork, type FileToWrite } from "./checkpoint-work.js";
import type { FileDigest } from "./durable-file.js";
import { inThread } from "./in-thread.js";
import { type SafetensorsWriteEntry, safetensorsSlices, tensorEntry } from "./safetensors-file.js";
import { type PhaseNews, startPhases } from "./shared-phases.js";
import { type Strategy, singleDevice } from "./strategy.js";
import { isWhole, type TensorPart } from "./tensor-part.js";

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

/** A checkpoint that is being written. */
export interface PendingCheckpoint {
  /** Its folder, once it is complete. */
  readonly path: string;
  /** What this process has to tell the others; null while it is at work. */
  news(): PhaseNews | null;
  /**
   * Goes on by what all processes tell, in the order of ranks; true once the checkpoint is complete.
   *
   * @throws {CheckpointError} if a process can't write its part, on every process; what was written aside is removed.
   */
  take(all: readonly (PhaseNews | null)[]): Promise<boolean>;
  /** Waits until it is complete; each process calls it. Throws as `take` does. */
  finish(): Promise<void>;
}

/**
 * Writes a checkpoint that is either complete or absent: files are written aside and synced, by each process those of the
 * parts that it holds, then the folder gets its name. One tensor at a time is in host memory. Returns the folder.
 *
 * @throws {CheckpointError} if a process can't write its part, on every process; what was written aside is removed.
 */
export async function saveCheckpoint(options: SaveCheckpointOptions): Promise<string> {
  const pending = await startCheckpoint(options, false);
  await pending.finish();
  return pending.path;
}

/**
 * Begins a checkpoint, which `take` or `finish` complete. In the background it copies all that this process saves to host
 * memory first, so that training may go on, and lets a thread write, hash and sync it.
 */
export async function startCheckpoint(
  options: SaveCheckpointOptions,
  inBackground: boolean,
): Promise<PendingCheckpoint> {
  const { runFolder, keep, state, strategy = singleDevice() } = options;
  const { step } = state;
  const folder = partialFolder(runFolder, step);
  const isFirst = strategy.rank === 0;
  const { files, bytes } = ownFiles(folder, options, strategy);
  const updates = { ...options.optimizer.updates };
  const work = inBackground ? inThread : doCheckpointWork;
  const prepared = inBackground ? await copyFiles(files) : files;

  const phases = startPhases([
    async () => {
      if (isFirst) await makePartialFolder(runFolder, step);
    },
    async () => ({ files: await work({ kind: "write", folder, files: prepared }), updates }),
    async (written) => {
      if (!isFirst) return;
      const all = written as { files: Record<string, FileDigest>; updates: Record<string, number> }[];
      // Of parameters that not all processes hold, others count the updates.
      const optimizerUpdates = Object.assign({}, ...all.map((each) => each.updates));
      const digests: Record<string, FileDigest> = Object.assign({}, ...all.map((each) => each.files));
      const text = encodeCheckpointState({ ...state, optimizerUpdates, files: digests });
      await work({ kind: "commit", runFolder, step, keep, state: text } satisfies CheckpointWork);
    },
  ]);

  async function failWith(cause: unknown): Promise<never> {
    if (isFirst) await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw new CheckpointError(
      step,
      `checkpoint of step ${step}: expected to write ${bytes} bytes into ${runFolder}, got ${(cause as Error).message}. ` +
        "Earlier checkpoints are intact; free space on the disk, then resume.",
      { cause },
    );
  }

  return {
    path: join(checkpointsFolder(runFolder), stepFolderName(step)),
    news: phases.news,
    async take(all) {
      try {
        return phases.take(all);
      } catch (error) {
        return failWith(error);
      }
    },
    finish: () => phases.finish(strategy.gather).catch(failWith),
  };
}

/** The same bytes in memory of their own. */
async function copyFiles(files: readonly FileToWrite[]): Promise<FileToWrite[]> {
  const copies: FileToWrite[] = [];
  for (const { name, slices } of files) {
    const copied: Uint8Array[] = [];
    for await (const slice of slices) copied.push(slice.slice());
    copies.push({ name, slices: copied });
  }
  return copies;
}

/** The files of this process, and the bytes of their tensors; none where others hold all that it has. */
function ownFiles(
  folder: string,
  { model, optimizer }: SaveCheckpointOptions,
  { rank, worldSize, parts }: Strategy,
): { readonly files: FileToWrite[]; readonly bytes: number } {
  const files: FileToWrite[] = [];
  let bytes = 0;
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
    for (const { shape, dtype } of entries)
      bytes += shape.reduce((product, length) => product * length, bytesPerValue[dtype]);
    const file = parts.size === 0 ? name : fileOfProcess(name, rank, worldSize);
    files.push({ name: file, slices: safetensorsSlices(join(folder, file), entries, partsMetadata(placed)) });
  }
  return { files, bytes };
}
