import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setAdapterDropout, type TrainableParameters, trainableParameters } from "@graticule/adapters";
import { ConfigError, silentLogger } from "@graticule/core";
import { openDataset, writeDurably } from "@graticule/data";
import { vitLayerDecay } from "@graticule/models";
import { soloCommunicator } from "@graticule/mpi";
import { findLatestCheckpoint, openBackend, type TrainResult, trainRun } from "@graticule/train";
import { tensor4d, tidy } from "@tensorflow/tfjs-core";
import { openPretrainedRun } from "../encoder.js";
import { datasetSpec } from "../open-dataset.js";
import { divideModel, type ModelDivision } from "../ranks/divide-model.js";
import { shareOf } from "../ranks/rank-share.js";
import type { RanksRunOptions } from "../ranks/ranks-run-options.js";
import { fromFirstRank } from "../ranks/share-values.js";
import { readRunConfig } from "../read-config.js";
import { AveragedModel } from "./averaged-model.js";
import { type KeptWeights, keepBest, readBest } from "./best-weights.js";
import { type FinetuneConfig, finetuneConfig, finetuneMayChange, learningRateOf } from "./finetune-config.js";
import { type SavedModel, saveTuned } from "./save-tuned.js";
import { learnFacts, lossOfTasks, openTasks, type TaskFacts } from "./tasks/run-tasks.js";
import { countTasks, judgeTasks, monitorOf } from "./tasks/score-tasks.js";
import { divisionOf, makeTunedModel, ownChannelsOf, type TunedModule } from "./tuned-model.js";
import { findSplits, openHeldOutImages, openTrainingImages } from "./tuning-data.js";

/** What a fine-tuning run has come to. */
export interface FinetuneResult extends TrainResult {
  readonly trainable: TrainableParameters;
  /** The best weights and their scores; undefined if a signal ended the run before its end. */
  readonly saved: SavedModel | undefined;
}

/**
 * Trains a model for the tasks of its settings on the encoder of a run, or continues the run that is there, and leaves its best weights in
 * `RUN/tuned`, adapters merged.
 *
 * @throws {ConfigError} if a new run's folder holds checkpoints, or the settings don't fit the data or the ranks.
 */
export async function finetune(
  runFolder: string,
  config: FinetuneConfig,
  options: RanksRunOptions = {},
): Promise<FinetuneResult> {
  const { world = soloCommunicator(), resume = false, progressStream } = options;
  const share = await shareOf(world, config, options.logger ?? silentLogger);
  const { logger, mesh } = share;
  const backend = await openBackend(share.backend, logger);
  const existing = resume ? await findLatestCheckpoint(runFolder, silentLogger) : undefined;
  const pretrained = existing ? undefined : await openPretrainedRun(config.from);
  const schema = (existing ?? pretrained?.checkpoint)?.state.schema ?? [];
  const splits = await findSplits(config, logger);
  const facts = await fromFirstRank(world, () => factsOf(runFolder, config, existing !== undefined));
  const tasks = openTasks(config, facts);
  const { gradAccumSteps, validateEveryEpochs, recompute } = config.train;
  const monitor = monitorOf(tasks, config.train.monitor);
  const { parallel, tune } = config;
  const heads = tasks.map(({ task }) => task.head);
  const model = await makeTunedModel(config, schema, heads, pretrained);
  const { module } = model;
  const trainable = trainableParameters(module);
  const division = divisionOf(model);
  assertWhole(division, parallel);
  const divided = divideModel(module, mesh, division, { parallel, recompute, logger });
  const { strategy } = divided;
  const loader = await openTrainingImages(config, schema, share, ownChannelsOf(model, schema));
  const validation = await openHeldOutImages(config, splits.validation, schema, share);
  checkClasses(loader.classNames, validation.classNames);
  const stepsPerEpoch = Math.max(1, Math.floor(loader.batchesPerEpoch / gradAccumSteps));
  const average = averageOf(module, config);
  const setDropout = (streams: Parameters<typeof setAdapterDropout>[1]): void => {
    if (tune.method === "lora") setAdapterDropout(module, streams);
  };

  const lastStep = existing?.state.step ?? 0;
  const { patienceEpochs = Number.POSITIVE_INFINITY } = config.train;
  let validatedStep = 0;
  let best: readonly KeptWeights[] = await fromFirstRank(world, () => readBest(runFolder, lastStep));
  try {
    const result = await trainRun({
      runFolder,
      config,
      model: average ?? module,
      loader,
      backend,
      loss: (batch, { random }) => {
        const { images, shape, indices } = batch;
        const streams = (place: string, image: number) => random(`dropout ${place}`, indices[image] as number);
        setDropout(streams);
        return tidy(() => lossOfTasks(tasks, model.outputs(tensor4d(images, [...shape]), streams), batch));
      },
      evaluate: {
        everySteps: validateEveryEpochs * stepsPerEpoch,
        run: async (step) => {
          setDropout(undefined);
          average?.exchange();
          const parts = await countTasks(tasks, model, validation, { strategy, shard: share.shard });
          const { numbers } = judgeTasks(tasks, parts);
          const value = numbers[monitor.name] as number;
          const score = monitor.better === "lower" ? -value : value;
          const { loss } = numbers;
          best = await keepBest(runFolder, module, { step, score, loss, count: config.train.keepBest }, best, strategy);
          average?.exchange();
          validatedStep = step;
          return numbers;
        },
        endsRun: () => validatedStep - (best[0]?.step ?? 0) >= patienceEpochs * stepsPerEpoch,
      },
      ...(average && { afterUpdate: (step: number) => average.update(step) }),
      learningRate: learningRateOf(config),
      learningRateScale: vitLayerDecay(config.model.depth, config.optimizer.layerDecay),
      resume,
      strategy,
      configMayChange: finetuneMayChange,
      logger,
      ...(progressStream && { progressStream }),
    });
    const saved = await fromFirstRank(world, async () =>
      result.stopped
        ? undefined
        : saveTuned(runFolder, config, { best, tasks, facts, schema, split: splits.evaluation, logger }),
    );
    mesh.free();
    return { ...result, trainable, saved };
  } finally {
    await loader.close();
    await validation.close();
    divided.dispose();
    average?.disposeAverages();
    module.dispose();
  }
}

/** @throws {ConfigError} if ranks hold the model in parts. */
function averageOf(model: TunedModule, { train, parallel }: FinetuneConfig): AveragedModel | undefined {
  if (train.averageDecay === undefined) return undefined;
  if (parallel.tp > 1 || parallel.sharding !== "NO_SHARD")
    throw new ConfigError(
      `train.averageDecay: expected each rank to hold the whole model, got parallel.tp ${parallel.tp} and parallel.sharding ${parallel.sharding}. Leave the average out, or replicate the model.`,
    );
  return new AveragedModel(model, train.averageDecay);
}

/** Where a run keeps what was learned of its training data, so that it goes on with the same. */
const FACTS_FILE = "task.json";

async function factsOf(runFolder: string, config: FinetuneConfig, isResumed: boolean): Promise<TaskFacts> {
  const path = join(runFolder, FACTS_FILE);
  const stored = isResumed ? await readFile(path, "utf8").catch(() => undefined) : undefined;
  if (stored !== undefined) return JSON.parse(stored) as TaskFacts;
  const dataset = await openDataset(datasetSpec(config.data, "train"));
  const facts = await learnFacts(config, dataset).finally(() => dataset.close?.());
  await mkdir(runFolder, { recursive: true });
  await writeDurably(path, `${JSON.stringify(facts)}\n`);
  return facts;
}

/** @throws {ConfigError} if ranks would divide the tokens that heads read. */
function assertWhole({ outputs }: ModelDivision, { sequence, tp }: FinetuneConfig["parallel"]): void {
  if (sequence && tp > 1 && outputs.length === 0)
    throw new ConfigError(
      "parallel.sequence: expected false for heads that read several blocks, whose tokens would lie on several ranks, got true.",
    );
}

function checkClasses(trained: readonly string[] = [], heldOut: readonly string[] = []): void {
  if (`${trained}` !== `${heldOut}`)
    throw new ConfigError(
      `finetune: expected the same classes in all splits, got ${trained.join(", ")} for training and ${heldOut.join(", ") || "none"} held out.`,
    );
}

/** Reads the settings that a run was started with, and changes some of them. @throws {ConfigError} if it is no run. */
export const readFinetuneConfig = (runFolder: string, overrides: readonly string[] = []): Promise<FinetuneConfig> =>
  readRunConfig(finetuneConfig, runFolder, overrides);
