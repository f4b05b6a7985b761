import { FormatError } from "@graticule/core";
import { findDuplicateKey } from "./duplicate-key.js";
import { type ByteSource, openSafetensorsState, type TensorFile } from "./read.js";

/** Named tensors that lie in several files. */
export interface ShardedSafetensors extends TensorFile {
  /** The files' names, in the order of the index. */
  readonly files: readonly string[];
}

/**
 * Opens tensors that an index spreads over several safetensors files: `indexJson` is the text of
 * `model.safetensors.index.json`, and `openFile` opens a file beside it. Headers are read and compared with the index at
 * once, tensors one at a time.
 *
 * Source: huggingface_hub, `split_state_dict_into_shards_factory` (fields `weight_map` and `metadata`).
 *
 * @throws {FormatError} if the index is no such text, names a file in another folder, or the files' tensors aren't its own.
 */
export async function openShardedSafetensors(
  indexPath: string,
  indexJson: string,
  openFile: (name: string) => Promise<ByteSource>,
): Promise<ShardedSafetensors> {
  const fileOf = parseWeightMap(indexPath, indexJson);
  const files = [...new Set(fileOf.values())];
  const states = new Map<string, TensorFile>();
  for (const file of files) states.set(file, await openSafetensorsState(await openFile(file)));
  for (const [file, { tensors }] of states)
    for (const name of tensors.keys())
      if (fileOf.get(name) !== file)
        throw new FormatError(
          `${indexPath}, tensor '${name}'`,
          `it in ${fileOf.get(name) ?? "no file"}, as the index says`,
          `it in ${file}`,
          "Files of two models are mixed; copy them again.",
        );
  const stateOf = (name: string): TensorFile => {
    const file = fileOf.get(name);
    const state = file === undefined ? undefined : states.get(file);
    if (state?.tensors.has(name)) return state;
    throw new FormatError(
      `${indexPath}, tensor '${name}'`,
      file === undefined ? "a tensor of the index" : `it in ${file}, as the index says`,
      "none",
      "Copy the files again.",
    );
  };
  const tensors = new Map(Array.from(fileOf.keys(), (name) => [name, stateOf(name).tensors.get(name)!]));
  const isLocal = [...states.values()].every(({ readStored }) => readStored);
  return {
    ...{ files, tensors, read: (name) => stateOf(name).read(name) },
    ...(isLocal && { readStored: (name: string) => stateOf(name).readStored!(name) }),
  };
}

function parseWeightMap(path: string, text: string): Map<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(path, "JSON", `${JSON.stringify(text.slice(0, 40))}`, "Copy the index again.", { cause });
  }
  const weightMap = (json as { weight_map?: unknown } | null)?.weight_map;
  const duplicate = findDuplicateKey(text);
  if (typeof weightMap !== "object" || weightMap === null || duplicate !== undefined)
    throw new FormatError(
      path,
      "an object with a weight_map of distinct names",
      duplicate === undefined ? "none" : `'${duplicate.slice(0, 80)}' twice`,
      "Give the index that lies beside the files.",
    );
  const entries = Object.entries(weightMap as Record<string, unknown>);
  const bad = entries.find(([, file]) => typeof file !== "string" || !/^[^/\\]+\.safetensors$/.test(file));
  if (bad)
    throw new FormatError(
      `${path}, tensor '${bad[0].slice(0, 80)}'`,
      "the name of a .safetensors file in the same folder",
      `${JSON.stringify(bad[1])?.slice(0, 80)}`,
      "Copy the index again.",
    );
  return new Map(entries as [string, string][]);
}
