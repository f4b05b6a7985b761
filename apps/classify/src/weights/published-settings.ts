import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FormatError } from "@graticule/core";
import { normalizations } from "./named-families.js";

/**
 * What a Hugging Face folder says about its model beside the tensors, as settings of an import: its config.json, of models of
 * images and text the part of the images, and the mean and std in its preprocessor_config.json.
 *
 * @throws {FormatError} if one of them is not JSON.
 */
export async function readPublishedSettings(source: string): Promise<Record<string, unknown>> {
  const found = await stat(source).catch(() => undefined);
  const folder = found?.isDirectory() ? source : dirname(source);
  const { vision_config: vision, ...whole } = await readJson(join(folder, "config.json"));
  const config = isRecord(vision) ? vision : whole;
  const preprocessor = await readJson(join(folder, "preprocessor_config.json"));
  const size = wholePatches(config.image_size, config.patch_size);
  const fields = {
    numHeads: config.num_attention_heads,
    decoderNumHeads: config.decoder_num_attention_heads,
    normEpsilon: config.layer_norm_eps,
    imageSize: typeof size === "number" ? [size, size] : size,
    ...channelSettings(preprocessor),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** What patches cover: SigLIP of 384 pixels and patches of 14 sees 378. */
function wholePatches(size: unknown, patch: unknown): unknown {
  return typeof size === "number" && typeof patch === "number" ? size - (size % patch) : size;
}

async function readJson(path: string): Promise<Record<string, unknown>> {
  if (!existsSync(path)) return {};
  try {
    return JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw new FormatError(path, "JSON", "text that does not parse", "Copy the file again.", { cause });
  }
}

/** The normalization by its name where it has one, else its channels. */
function channelSettings({ image_mean: mean, image_std: std }: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(mean) || !Array.isArray(std) || mean.length !== 3 || std.length !== 3) return {};
  const known = Object.entries(normalizations).find(([, each]) => `${each.mean} ${each.std}` === `${mean} ${std}`);
  if (known) return { normalization: known[0] };
  const { names, scale } = normalizations.imagenet;
  return { channels: names.map((name, index) => ({ name, mean: scale * mean[index], std: scale * std[index] })) };
}
