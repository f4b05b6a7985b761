import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@graticule/core";
import { ChatTokenizer, type ImageTextConfig, imageTextConfig } from "@graticule/models";
import { type OpenWeights, openWeights } from "../weights/open-weights.js";

/** Files that say what a published model is and how it reads text. */
export const SETTINGS_FILES = ["config.json", "tokenizer.json", "tokenizer_config.json"] as const;

/** Where a run that was fine-tuned keeps its best weights, merged, in the layout of a published model. */
export const TUNED_FOLDER = "tuned";

/** An image-text model in a folder of Hugging Face's layout. */
export interface ModelFolder {
  readonly path: string;
  readonly config: ImageTextConfig;
  readonly tokenizer: ChatTokenizer;
  openWeights(): Promise<OpenWeights>;
}

/**
 * Opens the folder of a published model, or that of a fine-tuned run: `config.json`, `tokenizer.json`,
 * `tokenizer_config.json`, and weights in one file or several with an index.
 *
 * @throws {ConfigError} if a file is missing, or the model is none that is built here.
 */
export async function openModelFolder(folder: string): Promise<ModelFolder> {
  const tuned = join(folder, TUNED_FOLDER);
  const path = existsSync(tuned) ? tuned : folder;
  const [config, tokenizer, tokenizerConfig] = (await Promise.all(
    SETTINGS_FILES.map((name) => readJson(join(path, name))),
  )) as [unknown, unknown, unknown];
  return {
    path,
    config: imageTextConfig(config),
    tokenizer: new ChatTokenizer(tokenizer, tokenizerConfig),
    openWeights: () => openWeights(path),
  };
}

/** The configuration of a model by its `config.json`, or by the folder that has one. */
export async function readImageTextConfig(source: string): Promise<ImageTextConfig> {
  return imageTextConfig(await readJson(source.endsWith(".json") ? source : join(source, SETTINGS_FILES[0])));
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => {
    throw new ConfigError(
      `${path}: expected a file of a published image-text model, got none. Name a folder with ${SETTINGS_FILES.join(", ")} and weights.`,
    );
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${path}: expected JSON, got ${JSON.stringify(text.slice(0, 40))}. Copy it again.`, {
      cause,
    });
  }
}
