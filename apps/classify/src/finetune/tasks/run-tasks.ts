import { ConfigError } from "@graticule/core";
import type { Batch, Dataset } from "@graticule/data";
import { add, mul, type Scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { FinetuneConfig } from "../finetune-config.js";
import { classification } from "./classification/classification.js";
import { multiLabel } from "./multi-label/multi-label.js";
import { regression } from "./regression/regression.js";
import { segmentation } from "./segmentation/segmentation.js";
import type { HeadTask, TaskKind } from "./task.js";
import type { SingleTaskConfig } from "./task-config.js";

/** Every kind of task; a new one is a folder beside this file, a line here and one in `task-config.ts`. */
const taskKinds: Readonly<Record<SingleTaskConfig["kind"], TaskKind<never, unknown>>> = {
  classification,
  "multi-label": multiLabel,
  segmentation,
  regression,
};

/** Settings of a run that its tasks depend on. */
export type TaskSettings = Pick<FinetuneConfig, "task" | "loss" | "model">;

/** What was learned of the training data, plain, by the name of a task. */
export type TaskFacts = Readonly<Record<string, unknown>>;

/** A task of a run; one that is alone has the name ''. */
export interface NamedTask {
  readonly name: string;
  /** How much its loss counts. */
  readonly weight: number;
  readonly task: HeadTask;
}

interface NamedSettings {
  readonly name: string;
  readonly weight: number;
  readonly settings: SingleTaskConfig;
}

function settingsOf({ task = { kind: "classification" } }: TaskSettings): NamedSettings[] {
  if (task.kind !== "several") return [{ name: "", weight: 1, settings: task }];
  const all = Object.entries(task.tasks).map(([name, { weight, task: settings }]) => ({ name, weight, settings }));
  if (all.length > 0) return all;
  throw new ConfigError("task.tasks: expected at least one task, got none.");
}

/** Reads what the tasks need to know of the training images. @throws {ConfigError} if they have no such targets. */
export async function learnFacts(config: FinetuneConfig, dataset: Dataset): Promise<TaskFacts> {
  const facts: Record<string, unknown> = {};
  for (const { name, settings } of settingsOf(config))
    facts[name] = await taskKinds[settings.kind].learn(settings as never, dataset, config);
  return facts;
}

/** The tasks of a run. */
export function openTasks(config: TaskSettings, facts: TaskFacts): NamedTask[] {
  return settingsOf(config).map(({ name, weight, settings }) => ({
    name,
    weight,
    task: taskKinds[settings.kind].open(settings as never, facts[name], config),
  }));
}

/** The sum of the tasks' losses by weight. */
export function lossOfTasks(tasks: readonly NamedTask[], outputs: readonly Tensor[], batch: Batch): Scalar {
  return tidy(() =>
    tasks
      .map(({ task, weight }, index) => {
        const loss = task.loss(outputs[index] as Tensor, batch);
        return weight === 1 ? loss : mul<Scalar>(loss, weight);
      })
      .reduce((sum, loss) => add<Scalar>(sum, loss)),
  );
}
