import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError } from "@graticule/core";
import { openPyTorchState, openSafetensorsState, openShardedSafetensors, type TensorFile } from "@graticule/nn";
import { type FileSource, openFileSource } from "@graticule/train";

/** Published tensors that are open for reading. */
export interface OpenWeights extends TensorFile {
  readonly path: string;
  close(): Promise<void>;
}

const INDEX_FILE = "model.safetensors.index.json";
/** What a folder of published weights holds, in the order of preference. */
const WEIGHT_FILES = [INDEX_FILE, "model.safetensors", "pytorch_model.bin"] as const;

/**
 * Opens a safetensors file, an index of several, a file of torch.save, or the folder of one of them.
 *
 * @throws {ConfigError} if a folder has none of the usual names, or there is nothing.
 * @throws {FormatError} if a file is damaged, or holds more than tensors and plain containers.
 */
export async function openWeights(source: string, key?: string): Promise<OpenWeights> {
  const path = await findWeights(source);
  const sources: FileSource[] = [];
  const open = async (file: string): Promise<FileSource> => {
    const opened = await openFileSource(file);
    sources.push(opened);
    return opened;
  };
  const close = async (): Promise<void> => {
    for (const each of sources) await each.close();
  };
  try {
    if (path.endsWith(".json")) {
      const shards = await openShardedSafetensors(path, await readFile(path, "utf8"), (name) =>
        open(join(dirname(path), name)),
      );
      return { ...shards, path, close };
    }
    const file = await open(path);
    const state = path.endsWith(".safetensors")
      ? await openSafetensorsState(file)
      : await openPyTorchState(file, key === undefined ? {} : { key });
    return { ...state, path, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function findWeights(source: string): Promise<string> {
  const found = await stat(source).catch(() => undefined);
  if (found?.isFile()) return source;
  const name = found && WEIGHT_FILES.find((file) => existsSync(join(source, file)));
  if (name) return join(source, name);
  throw new ConfigError(
    `${source}: expected a file of weights, or a folder with ${WEIGHT_FILES.join(", ")}, got ${found ? "none of them" : "nothing"}.`,
  );
}
