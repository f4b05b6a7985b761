import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeAdapter, mergeAndUnload } from "@graticule/adapters";
import { type PlainObject, printConfig } from "@graticule/config";
import type { Logger } from "@graticule/core";
import { type ChannelSchema, writeDurably } from "@graticule/data";
import { loadWeights, RUN_CONFIG_FILE, saveCheckpoint } from "@graticule/train";
import { TUNED_FOLDER } from "../encoder.js";
import { bestWeightsFile, type KeptWeights } from "./best-weights.js";
import type { FinetuneConfig } from "./finetune-config.js";
import type { NamedTask, TaskFacts } from "./tasks/run-tasks.js";
import { countTasks, judgeTasks } from "./tasks/score-tasks.js";
import type { TaskReport, TaskScores } from "./tasks/task.js";
import { makeTunedModel, type TunedModule } from "./tuned-model.js";
import { openHeldOutImages } from "./tuning-data.js";

/** Where a run keeps the scores of its best weights. */
const SCORES_FILE = "scores.json";
/** Images that the report shows. */
const EXAMPLES = 6;

/** The best weights of a run, as they were saved. */
export interface SavedModel {
  readonly step: number;
  /** Split that the scores are of, and its images. */
  readonly split: "val" | "test";
  readonly numImages: number;
  readonly scores: TaskScores;
  /** What a report says of each task, by its name. */
  readonly reports: readonly (TaskReport & { readonly name: string })[];
  /** Folder of the checkpoint that holds them. */
  readonly checkpoint: string;
}

interface SaveTunedOptions {
  readonly best: readonly KeptWeights[];
  readonly tasks: readonly NamedTask[];
  readonly facts: TaskFacts;
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
  options: SaveTunedOptions,
): Promise<SavedModel> {
  const { best, tasks, schema, split, logger } = options;
  const heads = tasks.map(({ task }) => task.head);
  const model = await makeTunedModel(config, schema, heads);
  const { module } = model;
  try {
    await loadWeights(bestWeightsFile(runFolder, best), module);
    if (config.tune.method === "lora") {
      await writeAdapter(join(runFolder, "adapter"), module);
      mergeAndUnload(module);
    }
    const step = best[0]?.step ?? 0;
    const checkpoint = await saveRun(join(runFolder, TUNED_FOLDER), module, config, { ...options, step });
    const share = { batchSize: config.train.microBatchSize, shard: { rank: 0, worldSize: 1 }, logger };
    const heldOut = await openHeldOutImages(config, split, schema, share);
    const parts = await countTasks(tasks, model, heldOut, { examples: EXAMPLES }).finally(() => heldOut.close());
    const scores = judgeTasks(tasks, parts);
    const reports = tasks.map(({ name, task }, index) => ({
      name,
      ...task.report(parts[index] as readonly unknown[], schema),
    }));
    const saved = { step, split, numImages: heldOut.length, scores, checkpoint };
    await writeDurably(join(runFolder, SCORES_FILE), `${JSON.stringify(saved, undefined, 2)}\n`);
    return { ...saved, reports };
  } finally {
    module.dispose();
  }
}

async function writeAdapter(folder: string, model: TunedModule): Promise<void> {
  const { config, tensors } = await encodeAdapter(model, "default");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "adapter_config.json"), config);
  await writeFile(join(folder, "adapter_model.safetensors"), tensors);
}

async function saveRun(
  folder: string,
  model: TunedModule,
  config: FinetuneConfig,
  { tasks, facts, schema, step }: SaveTunedOptions & { readonly step: number },
): Promise<string> {
  const { seed, data, from, tune, task } = config;
  const [{ task: first }] = tasks as readonly [NamedTask];
  const isClassifier = task === undefined || task.kind === "classification";
  const outputs =
    isClassifier && first.meaning.kind === "classes"
      ? { model: { ...config.model, numClasses: first.head.outputs }, classNames: first.meaning.classNames }
      : {
          model: { ...config.model, ...("pool" in model.config && { pool: model.config.pool }) },
          tasks: { task, facts },
        };
  const plain = JSON.parse(JSON.stringify({ seed, data, ...outputs, tuned: { from, tune } })) as PlainObject;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, RUN_CONFIG_FILE), printConfig(plain));
  return saveCheckpoint({
    ...{ runFolder: folder, keep: 1, model: model.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
    state: { ...{ step, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0 }, seed, config: plain, schema },
  });
}
