import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlainData } from "@graticule/config";
import { FormatError, type Logger, silentLogger } from "@graticule/core";
import { assertSameSchema, type ChannelSchema } from "@graticule/data";
import type { LoadReport, StateSource } from "@graticule/nn";
import type { AdamW } from "@graticule/optim";
import { dispose, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { listCheckpoints } from "./checkpoint-folder.js";
import {
  assertSameConfig,
  type CheckpointState,
  MODEL_FILE,
  OPTIMIZER_FILE,
  parseCheckpointState,
  STATE_FILE,
} from "./checkpoint-state.js";
import { digestFile } from "./durable-file.js";
import { openSafetensors, type SafetensorsFile } from "./safetensors-file.js";

/** A checkpoint whose files were all found and match their checksums. */
export interface Checkpoint {
  readonly path: string;
  readonly state: CheckpointState;
}

/** Reads a file of a checkpoint, saying what it belongs to where it isn't there. */
function missing(path: string): (error: NodeJS.ErrnoException) => never {
  return (cause) => {
    if (cause.code !== "ENOENT" && cause.code !== "ENOTDIR") throw cause;
    throw new FormatError(path, "a file of the checkpoint", "nothing", "Use another checkpoint.", { cause });
  };
}

/**
 * Checks every file of a checkpoint against the checksums in its `state.json`.
 *
 * @throws {FormatError} naming the first file that is missing, truncated or changed.
 */
export async function verifyCheckpoint(path: string): Promise<Checkpoint> {
  const statePath = join(path, STATE_FILE);
  const state = parseCheckpointState(statePath, await readFile(statePath, "utf8").catch(missing(statePath)));
  for (const name of [MODEL_FILE, OPTIMIZER_FILE]) {
    const expected = state.files[name];
    const file = join(path, name);
    const actual = await digestFile(file).catch(missing(file));
    if (actual.bytes !== expected?.bytes)
      throw new FormatError(file, `${expected?.bytes} bytes`, `${actual.bytes}`, "Use another checkpoint.");
    if (actual.sha256 !== expected.sha256)
      throw new FormatError(file, `sha256 ${expected.sha256}`, actual.sha256, "Use another checkpoint.");
  }
  return { path, state };
}

/**
 * Finds the newest checkpoint of a run that is valid; undefined where the run has none at all.
 * Each newer one that is not valid is passed over with a warning that says why.
 *
 * @throws {FormatError} if there are checkpoints and none is valid: starting anew would hide the loss.
 */
export async function findLatestCheckpoint(
  runFolder: string,
  logger: Logger = silentLogger,
): Promise<Checkpoint | undefined> {
  const checkpoints = await listCheckpoints(runFolder);
  for (const { path } of checkpoints) {
    try {
      return await verifyCheckpoint(path);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      logger.warn(`skipping checkpoint ${path}: ${error.message}`);
    }
  }
  if (checkpoints.length === 0) return undefined;
  throw new FormatError(
    runFolder,
    "at least one valid checkpoint",
    `${checkpoints.length} that are all incomplete or changed`,
    "Restore one from a copy, or start in a new run folder.",
  );
}

export interface LoadCheckpointTargets {
  readonly model: { loadStateDict(source: StateSource): Promise<LoadReport> };
  /** Left out where only the weights are wanted. */
  readonly optimizer?: Pick<AdamW, "loadStateDict">;
  /** Configuration that the checkpoint's must equal; not compared where it is left out. */
  readonly config?: PlainData;
  /** Paths of the configuration that may differ, such as the number of steps; none unless given. */
  readonly mayChange?: (path: string) => boolean;
  /** Channels that the checkpoint's must equal; not compared where they are left out. */
  readonly schema?: ChannelSchema;
}

/**
 * Loads a checkpoint, given as its folder or as what `findLatestCheckpoint` verified, into a model and an optimizer.
 * Configuration and channels are compared before the first weight changes.
 *
 * @throws {FormatError} if a file is missing or changed.
 * @throws {MismatchError} if configuration, channels, names or shapes differ.
 */
export async function loadCheckpoint(
  checkpoint: Checkpoint | string,
  { model, optimizer, config, mayChange = () => false, schema }: LoadCheckpointTargets,
): Promise<CheckpointState> {
  const { path, state } = typeof checkpoint === "string" ? await verifyCheckpoint(checkpoint) : checkpoint;
  if (config !== undefined) assertSameConfig(state.config, config, mayChange);
  if (schema !== undefined) assertSameSchema(state.schema, schema);
  await withSafetensors(join(path, MODEL_FILE), (file) => model.loadStateDict(file));
  if (optimizer)
    await withSafetensors(join(path, OPTIMIZER_FILE), async (file) => {
      const tensors = new Map<string, Tensor>();
      try {
        for (const [name, { shape }] of file.tensors) tensors.set(name, tensor(await file.read(name), [...shape]));
        optimizer.loadStateDict({ tensors, updates: state.optimizerUpdates });
      } finally {
        dispose([...tensors.values()]);
      }
    });
  return state;
}

async function withSafetensors(path: string, use: (file: SafetensorsFile) => Promise<unknown>): Promise<void> {
  const file = await openSafetensors(path);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
