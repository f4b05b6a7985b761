import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@graticule/core";
import { MODEL_FILE, OPTIMIZER_FILE, STATE_FILE } from "./checkpoint-names.js";
import { type CheckpointState, filesOf, parseCheckpointState } from "./checkpoint-state.js";
import { openCheckpointTensors } from "./checkpoint-tensors.js";
import { digestFile } from "./durable-file.js";

/** What was found of one file of a checkpoint. */
export interface CheckedFile {
  readonly name: string;
  /** Of the file as it is; undefined where there is none. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** What is wrong with it; undefined if it is as it was written. */
  readonly fault?: string;
}

/** What was found of a checkpoint. */
export interface CheckedCheckpoint {
  readonly path: string;
  readonly state?: CheckpointState;
  readonly files: readonly CheckedFile[];
  /** What is wrong beside single files: tensors of which values are missing. */
  readonly faults: readonly string[];
  /** Whether nothing is wrong. */
  readonly isValid: boolean;
}

/**
 * Looks at every file of a checkpoint and at the parts of every tensor, and says what is there and what is wrong; unlike
 * `verifyCheckpoint`, which ends at the first fault.
 */
export async function checkCheckpoint(path: string): Promise<CheckedCheckpoint> {
  const statePath = join(path, STATE_FILE);
  let state: CheckpointState;
  try {
    state = parseCheckpointState(statePath, await readFile(statePath, "utf8"));
  } catch (error) {
    const fault = error instanceof FormatError ? error.message : "not there";
    return { path, files: [{ name: STATE_FILE, fault }], faults: [], isValid: false };
  }
  const { size: bytes } = await stat(statePath);
  const files: CheckedFile[] = [{ name: STATE_FILE, bytes }];
  for (const [name, expected] of Object.entries(state.files)) files.push(await checkFile(path, name, expected));
  const known = new Set(files.map(({ name }) => name));
  for (const name of await readdir(path))
    if (!known.has(name)) files.push({ name, fault: "not part of the checkpoint" });
  const areWhole = files.every(({ fault }) => fault === undefined);
  const faults = areWhole ? await incompleteTensors(path, state) : [];
  return { path, state, files, faults, isValid: areWhole && faults.length === 0 };
}

async function checkFile(
  folder: string,
  name: string,
  expected: CheckpointState["files"][string],
): Promise<CheckedFile> {
  try {
    const { bytes, sha256 } = await digestFile(join(folder, name));
    if (bytes !== expected.bytes) return { name, bytes, sha256, fault: `expected ${expected.bytes} bytes` };
    if (sha256 !== expected.sha256) return { name, bytes, sha256, fault: `expected sha256 ${expected.sha256}` };
    return { name, bytes, sha256 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { name, fault: "not there" };
  }
}

async function incompleteTensors(folder: string, state: CheckpointState): Promise<string[]> {
  const faults: string[] = [];
  for (const kind of [MODEL_FILE, OPTIMIZER_FILE]) {
    const tensors = await openCheckpointTensors(folder, filesOf(state, kind));
    for (const [name, { shape }] of tensors.tensors) {
      const size = shape.reduce((product, length) => product * length, 1);
      const stored = tensors.countStored(name);
      if (stored !== size) faults.push(`tensor '${name}': expected ${size} values of [${shape}], got ${stored}`);
    }
    await tensors.close();
  }
  return faults;
}
