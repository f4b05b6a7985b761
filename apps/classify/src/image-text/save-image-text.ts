import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeAdapter, mergeAndUnload, setAdapterDropout } from "@graticule/adapters";
import { type Loader, writeDurably } from "@graticule/data";
import { imageTextWeights, mapWeights, unmapWeights } from "@graticule/models";
import { encodeFloats, type SafetensorsDtype, type TensorFile } from "@graticule/nn";
import { loadWeights, type SafetensorsWriteEntry, writeWeights } from "@graticule/train";
import { bestWeightsFile, type KeptWeights } from "../finetune/best-weights.js";
import { writeAnswerSettings } from "./answer-settings.js";
import type { QuestionMaker } from "./image-questions.js";
import type { ImageTextFinetuneConfig } from "./image-text-config.js";
import { type ModelFolder, SETTINGS_FILES, TUNED_FOLDER } from "./model-folder.js";
import { type AnswerScores, scoreAnswers } from "./score-answers.js";
import { type TunedImageText, trainedPart } from "./tuned-image-text.js";

/** Most bytes of a file of published weights, as transformers splits them. */
export const SHARD_BYTES = 5e9;

/** The best weights of a run, as they were saved. */
export interface SavedImageText {
  readonly step: number;
  /** Split that the scores are of. */
  readonly split: "val" | "test";
  readonly scores: AnswerScores;
  /** Folder of the merged model. */
  readonly folder: string;
}

interface SaveOptions {
  readonly folder: ModelFolder;
  readonly config: ImageTextFinetuneConfig;
  readonly maker: QuestionMaker;
  readonly best: readonly KeptWeights[];
  readonly split: "val" | "test";
}

/**
 * Takes a run's best weights and writes the adapter in PEFT's files to `RUN/adapter` and the merged model, in the names and
 * types of the one that it began with, to `RUN/tuned`; scores it as it was before types were narrowed.
 */
export async function saveTunedImageText(
  runFolder: string,
  model: TunedImageText,
  evaluation: Loader,
  { folder, config, maker, best, split }: SaveOptions,
): Promise<SavedImageText> {
  await loadWeights(bestWeightsFile(runFolder, best), trainedPart(model));
  if (config.tune.method === "lora") {
    setAdapterDropout(model, undefined);
    const adapter = await encodeAdapter(model, "default");
    await mkdir(join(runFolder, "adapter"), { recursive: true });
    await writeFile(join(runFolder, "adapter", "adapter_config.json"), adapter.config);
    await writeFile(join(runFolder, "adapter", "adapter_model.safetensors"), adapter.tensors);
    mergeAndUnload(model);
  }
  const out = join(runFolder, TUNED_FOLDER);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  for (const name of SETTINGS_FILES) await copyFile(join(folder.path, name), join(out, name));
  await writeAnswerSettings(out, { ...config, classNames: [...maker.classNames] });
  await writeModel(join(out, "model.safetensors"), model, folder);
  const scores = await scoreAnswers(model, evaluation, maker);
  const saved = { step: best[0]?.step ?? 0, split, scores, folder: out };
  await writeDurably(join(runFolder, "scores.json"), `${JSON.stringify(saved, undefined, 2)}\n`);
  return saved;
}

/** Tensors that nothing changed have the bytes that they had. */
async function writeModel(path: string, model: TunedImageText, folder: ModelFolder): Promise<void> {
  const weights = await folder.openWeights();
  try {
    const { variant, tensors: published } = mapWeights(weights, imageTextWeights);
    const state = model.stateDict();
    const tensors = new Map(
      Array.from(state, ([name, { shape }]) => [
        name,
        { shape, dtype: published.get(name)?.dtype ?? ("F32" as const) },
      ]),
    );
    const read = async (name: string): Promise<Float32Array> => Float32Array.from(await state.get(name)!.data());
    const theirs = unmapWeights({ tensors, read }, imageTextWeights, variant);
    const bytes = [...theirs.tensors.values()].reduce(
      (sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1),
      0,
    );
    await writeWeights(path, publishedEntries(theirs), bytes > SHARD_BYTES ? { shardBytes: SHARD_BYTES } : {});
  } finally {
    await weights.close();
  }
}

/** Tensors to write in the types that they are published in; others than float become float32. */
export function publishedEntries(file: TensorFile): SafetensorsWriteEntry[] {
  return Array.from(file.tensors, ([name, { shape, dtype }]) => {
    const stored = floatDtype(dtype);
    return {
      ...{ name, shape, dtype: stored },
      async *write() {
        yield encodeFloats(stored, await file.read(name));
      },
    };
  });
}

const floatDtype = (dtype: SafetensorsDtype): "F32" | "F16" | "BF16" =>
  dtype === "F16" || dtype === "BF16" ? dtype : "F32";
