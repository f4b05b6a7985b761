import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { questionConfig } from "./image-text-config.js";

/** Beside a model that was fine-tuned here: how it was shown images and asked. */
const FILE = "graticule.json";

const answerSettings = z.object({ ...questionConfig, classNames: z.array(z.string()) });

export type AnswerSettings = z.output<typeof answerSettings>;

export async function writeAnswerSettings(folder: string, settings: z.input<typeof answerSettings>): Promise<void> {
  await writeFile(join(folder, FILE), `${JSON.stringify(answerSettings.parse(settings), undefined, 2)}\n`);
}

/** Undefined for a model that wasn't tuned here. */
export async function readAnswerSettings(folder: string): Promise<AnswerSettings | undefined> {
  const path = join(folder, FILE);
  return existsSync(path) ? answerSettings.parse(JSON.parse(await readFile(path, "utf8"))) : undefined;
}
