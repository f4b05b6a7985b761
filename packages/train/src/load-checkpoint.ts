import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PlainData } from "@graticule/config";
import { FormatError, type Logger, MismatchError, silentLogger } from "@graticule/core";
import { assertSameSchema, type ChannelSchema } from "@graticule/data";
import type { Module } from "@graticule/nn";
import type { AdamW } from "@graticule/optim";
import { dispose, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { listCheckpoints } from "./checkpoint-folder.js";
import { MODEL_FILE, OPTIMIZER_FILE, STATE_FILE } from "./checkpoint-names.js";
import { assertSameConfig, type CheckpointState, filesOf, parseCheckpointState } from "./checkpoint-state.js";
import { type CheckpointTensors, openCheckpointTensors } from "./checkpoint-tensors.js";
import { openWeightsFile } from "./checkpoint-weights.js";
import { digestFile } from "./durable-file.js";
import { type Strategy, singleDevice } from "./strategy.js";

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

/** A process among those that look at a checkpoint together. */
type Verifier = Pick<Strategy, "rank" | "worldSize" | "gather">;

/**
 * Checks every file of a checkpoint against the checksums in its `state.json`. Several processes share the files; each
 * calls this.
 *
 * @throws {FormatError} naming the first file that is missing, truncated or changed.
 */
export async function verifyCheckpoint(path: string, verifier: Verifier = singleDevice()): Promise<Checkpoint> {
  let checkpoint: Checkpoint | undefined;
  let fault: unknown;
  try {
    checkpoint = await verifyShare(path, verifier);
  } catch (error) {
    fault = error;
  }
  const faults = await verifier.gather(fault ? (fault as Error).message : null);
  if (fault) throw fault;
  const other = faults.findIndex((message) => message !== null);
  if (other >= 0)
    throw new FormatError(path, "files that every process finds whole", `on process ${other}: ${faults[other]}`);
  return checkpoint as Checkpoint;
}

async function verifyShare(path: string, { rank, worldSize }: Verifier): Promise<Checkpoint> {
  const statePath = join(path, STATE_FILE);
  const state = parseCheckpointState(statePath, await readFile(statePath, "utf8").catch(missing(statePath)));
  for (const [index, [name, expected]] of Object.entries(state.files).entries()) {
    if (index % worldSize !== rank) continue;
    const file = join(path, name);
    const actual = await digestFile(file).catch(missing(file));
    if (actual.bytes !== expected.bytes)
      throw new FormatError(file, `${expected.bytes} bytes`, `${actual.bytes}`, "Use another checkpoint.");
    if (actual.sha256 !== expected.sha256)
      throw new FormatError(file, `sha256 ${expected.sha256}`, actual.sha256, "Use another checkpoint.");
  }
  return { path, state };
}

/**
 * Finds the newest checkpoint of a run that is valid; undefined where the run has none at all.
 * Each newer one that is not valid is passed over with a warning that says why. Several processes find the same one, of
 * those that process 0 sees; each calls this.
 *
 * @throws {FormatError} if there are checkpoints and none is valid: starting anew would hide the loss.
 */
export async function findLatestCheckpoint(
  runFolder: string,
  logger: Logger = silentLogger,
  verifier: Verifier = singleDevice(),
): Promise<Checkpoint | undefined> {
  const [checkpoints = []] = await verifier.gather(await listCheckpoints(runFolder));
  for (const { path } of checkpoints) {
    try {
      return await verifyCheckpoint(path, verifier);
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
  readonly model: Pick<Module, "loadStateDict" | "namedParameters">;
  /** Left out where only the weights are wanted. */
  readonly optimizer?: Pick<AdamW, "loadStateDict">;
  /** Configuration that the checkpoint's must equal; not compared where it is left out. */
  readonly config?: PlainData;
  /** Paths of the configuration that may differ, such as the number of steps; none unless given. */
  readonly mayChange?: (path: string) => boolean;
  /** Channels that the checkpoint's must equal; not compared where they are left out. */
  readonly schema?: ChannelSchema;
  /** Of a model of which this process holds parts; only these are read. All of it is here unless given. */
  readonly held?: Pick<Strategy, "parts" | "foreign">;
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
  { model, optimizer, config, mayChange = () => false, schema, held = singleDevice() }: LoadCheckpointTargets,
): Promise<CheckpointState> {
  const { path, state } = typeof checkpoint === "string" ? await verifyCheckpoint(checkpoint) : checkpoint;
  if (config !== undefined) assertSameConfig(state.config, config, mayChange);
  if (schema !== undefined) assertSameSchema(state.schema, schema);
  await withSource(openCheckpointTensors(path, filesOf(state, MODEL_FILE)), (source) => loadHeld(model, held, source));
  if (optimizer)
    await withSource(openCheckpointTensors(path, filesOf(state, OPTIMIZER_FILE)), async (source) => {
      const tensors = new Map<string, Tensor>();
      try {
        for (const [name, { shape }] of source.tensors) {
          const parameter = name.slice(0, name.lastIndexOf("."));
          if (held.foreign.has(parameter)) continue;
          const part = held.parts.get(parameter);
          const values = part ? await source.readPart(name, part) : await source.read(name);
          tensors.set(name, tensor(values, part ? part.values.shape : [...shape]));
        }
        const own = Object.entries(state.optimizerUpdates).filter(([name]) => !held.foreign.has(name));
        optimizer.loadStateDict({ tensors, updates: Object.fromEntries(own) });
      } finally {
        dispose([...tensors.values()]);
      }
    });
  return state;
}

/**
 * Loads a safetensors file of whole tensors into a model; of one of which this process holds parts these alone are read.
 *
 * @throws {FormatError} if the file is damaged. @throws {MismatchError} if names or shapes differ.
 */
export function loadWeights(
  path: string,
  model: LoadCheckpointTargets["model"],
  held: Pick<Strategy, "parts" | "foreign"> = singleDevice(),
): Promise<void> {
  return withSource(openWeightsFile(path), (source) => loadHeld(model, held, source));
}

async function loadHeld(
  model: LoadCheckpointTargets["model"],
  held: Pick<Strategy, "parts" | "foreign">,
  source: CheckpointTensors,
): Promise<void> {
  if (held.parts.size === 0) await model.loadStateDict(source);
  else await loadParts(model, held, source);
}

/** As `Module.loadStateDict`, of a model of which this process holds parts. */
async function loadParts(
  model: Pick<Module, "namedParameters">,
  { parts, foreign }: Pick<Strategy, "parts" | "foreign">,
  source: CheckpointTensors,
): Promise<void> {
  const parameters = new Map(model.namedParameters());
  const stored = new Map(Array.from(source.tensors, ([name, { shape }]) => [name, `[${shape}]`]));
  for (const name of new Set([...parameters.keys(), ...stored.keys()])) {
    if (foreign.has(name)) continue;
    const parameter = parameters.get(name);
    const expected = parameter ? `[${parameter.globalShape}]` : "none";
    if (expected !== stored.get(name))
      throw new MismatchError(
        "loadCheckpoint",
        `${name} ${expected}`,
        stored.get(name) ?? "none",
        "Build the model with the configuration that the weights were saved with.",
      );
  }
  for (const [name, parameter] of parameters) {
    const part = parts.get(name);
    if (part) part.assign(await source.readPart(name, part));
    else parameter.assign(await source.read(name));
  }
}

async function withSource(
  opening: Promise<CheckpointTensors>,
  use: (source: CheckpointTensors) => Promise<void>,
): Promise<void> {
  const source = await opening;
  try {
    await use(source);
  } finally {
    await source.close();
  }
}
