import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@graticule/core";
import { ForConditionalGeneration, imageTextWeights, mapWeights } from "@graticule/models";
import { compareState } from "@graticule/nn";
import { writeWeights } from "@graticule/train";
import { openModelFolder, SETTINGS_FILES } from "./model-folder.js";
import { publishedEntries, SHARD_BYTES } from "./save-image-text.js";

/**
 * Copies a published model, checked: each tensor has its place in the model of `config.json` and the shape of that, and the
 * tokenizer has the marks of images. Files of torch.save become safetensors, of at most 5 GB each; tensors keep names, types
 * and bits. Returns how many there are.
 *
 * @throws {MismatchError} that lists every unexpected, missing or mismatched tensor.
 * @throws {ConfigError} if the folder is there, or a file is missing.
 */
export async function importImageText(source: string, out: string): Promise<number> {
  if (existsSync(out)) throw new ConfigError(`${out}: expected a new folder, got one that is there. Name another.`);
  const folder = await openModelFolder(source);
  for (const mark of ["<image>", "</image>", "<slice>", "</slice>", "<image_id>", "</image_id>"])
    folder.tokenizer.tokenOf(mark);
  const weights = await folder.openWeights();
  try {
    compareState(new ForConditionalGeneration(folder.config).namedParameters(), mapWeights(weights, imageTextWeights));
    await mkdir(out, { recursive: true });
    for (const name of SETTINGS_FILES) await copyFile(join(folder.path, name), join(out, name));
    await writeWeights(join(out, "model.safetensors"), publishedEntries(weights), { shardBytes: SHARD_BYTES });
    return weights.tensors.size;
  } finally {
    await weights.close();
  }
}
