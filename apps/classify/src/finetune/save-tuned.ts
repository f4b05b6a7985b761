import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeAdapter, mergeAndUnload } from "@graticule/adapters";
import { type PlainObject, printConfig } from "@graticule/config";
import type { Logger } from "@graticule/core";
import { type ChannelSchema, writeDurably } from "@graticule/data";
import type { Classifier } from "@graticule/models";
import { loadWeights, RUN_CONFIG_FILE, saveCheckpoint } from "@graticule/train";
import { TUNED_FOLDER } from "../encoder.js";
import { describeVit } from "../vit-model-config.js";
import { bestWeightsFile, type KeptWeights } from "./best-weights.js";
import type { FinetuneConfig } from "./finetune-config.js";
import { type ClassifierScores, scoreClassifier } from "./score-classifier.js";
import { makeTunedModel } from "./tuned-model.js";
import { openHeldOutImages } from "./tuning-data.js";

/** Where a run keeps the scores of its best weights. */
const SCORES_FILE = "scores.json";

/** The best weights of a run, as they were saved. */
export interface SavedClassifier {
  readonly step: number;
  /** Split that the scores are of. */
  readonly split: "val" | "test";
  readonly classNames: readonly string[];
  readonly scores: ClassifierScores;
  /** Folder of the checkpoint that holds them. */
  readonly checkpoint: string;
}

interface SaveTunedOptions {
  readonly best: readonly KeptWeights[];
  readonly classNames: readonly string[];
  readonly schema: ChannelSchema;
  readonly split: "val" | "test";
  readonly logger: Logger;
}

/**
 * Makes of a run's best weights a run of their own in `RUN/tuned`, adapters merged, and scores it. An adapter goes to
 * `RUN/adapter` in PEFT's files too. For one process, which holds the whole model.
 */
export async function saveTuned(
  runFolder: string,
  config: FinetuneConfig,
  { best, classNames, schema, split, logger }: SaveTunedOptions,
): Promise<SavedClassifier> {
  const classifier = await makeTunedModel(config, schema, classNames.length);
  try {
    await loadWeights(bestWeightsFile(runFolder, best), classifier);
    if (config.tune.method === "lora") {
      await writeAdapter(join(runFolder, "adapter"), classifier);
      mergeAndUnload(classifier);
    }
    const step = best[0]?.step ?? 0;
    const checkpoint = await saveRun(join(runFolder, TUNED_FOLDER), classifier, { config, classNames, schema, step });
    const share = { batchSize: config.train.microBatchSize, shard: { rank: 0, worldSize: 1 }, logger };
    const heldOut = await openHeldOutImages(config, split, schema, share);
    const scores = await scoreClassifier(classifier, heldOut).finally(() => heldOut.close());
    const saved = { step, split, classNames, scores, checkpoint };
    await writeDurably(join(runFolder, SCORES_FILE), `${JSON.stringify(saved, undefined, 2)}\n`);
    return saved;
  } finally {
    classifier.dispose();
  }
}

async function writeAdapter(folder: string, classifier: Classifier): Promise<void> {
  const { config, tensors } = await encodeAdapter(classifier, "default");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "adapter_config.json"), config);
  await writeFile(join(folder, "adapter_model.safetensors"), tensors);
}

async function saveRun(
  folder: string,
  classifier: Classifier,
  tuned: Pick<SaveTunedOptions, "classNames" | "schema"> & { readonly config: FinetuneConfig; readonly step: number },
): Promise<string> {
  const { config, classNames, schema, step } = tuned;
  const { seed, data, from, tune } = config;
  const settings = { seed, data, model: describeVit(classifier.config), classNames, tuned: { from, tune } };
  const plain = JSON.parse(JSON.stringify(settings)) as PlainObject;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, RUN_CONFIG_FILE), printConfig(plain));
  return saveCheckpoint({
    ...{ runFolder: folder, keep: 1, model: classifier.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
    state: { ...{ step, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0 }, seed, config: plain, schema },
  });
}
