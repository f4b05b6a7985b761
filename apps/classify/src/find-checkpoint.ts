import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, type Logger } from "@graticule/core";
import { type Checkpoint, findLatestCheckpoint, listCheckpoints, verifyCheckpoint } from "@graticule/train";

/**
 * Folders of the checkpoints that a path names: all of a run folder, newest first, or the one whose folder it is.
 *
 * @throws {ConfigError} if there is none.
 */
export async function checkpointPaths(path: string): Promise<string[]> {
  const checkpoints = await listCheckpoints(path);
  if (checkpoints.length > 0) return checkpoints.map((checkpoint) => checkpoint.path);
  if (existsSync(join(path, "state.json"))) return [path];
  throw new ConfigError(`${path}: expected a run with checkpoints, or the folder of a checkpoint, got neither.`);
}

/**
 * The newest valid checkpoint of a run folder, or the one whose folder is given.
 *
 * @throws {ConfigError} if there is none. @throws {FormatError} if its files are damaged.
 */
export async function findCheckpoint(path: string, logger?: Logger): Promise<Checkpoint> {
  const [first] = (await checkpointPaths(path)) as [string];
  return (await findLatestCheckpoint(path, logger)) ?? verifyCheckpoint(first);
}
