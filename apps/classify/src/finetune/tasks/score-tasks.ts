import { ConfigError } from "@graticule/core";
import type { Loader, Shard } from "@graticule/data";
import { type Strategy, singleDevice } from "@graticule/train";
import { type Tensor, tensor4d, zeros } from "@tensorflow/tfjs-core";
import type { TunedModel } from "../tuned-model.js";
import type { NamedTask } from "./run-tasks.js";
import type { TaskScores } from "./task.js";

/** What each task has counted, of each process that has other images. */
export type TaskParts = readonly (readonly unknown[])[];

interface CountOptions {
  readonly strategy?: Pick<Strategy, "gather">;
  /** Which part of the images this process has; those that divide layers have the same. */
  readonly shard?: Shard;
  /** How many images are kept to be drawn. */
  readonly examples?: number;
}

/** Sends all images of a loader through a model, each rank its share; all get the same. Collective. */
export async function countTasks(
  tasks: readonly NamedTask[],
  model: TunedModel,
  loader: Loader,
  { strategy = singleDevice(), shard = { rank: 0, worldSize: 1 }, examples = 0 }: CountOptions = {},
): Promise<TaskParts> {
  const { inChannels, imageSize } = model.module.config;
  const counters = tasks.map(({ task }) => task.makeCounter(examples));
  for await (const batch of loader.epoch(0)) {
    const { images, shape } = batch;
    const isEmpty = shape[0] === 0;
    // A rank without images of an incomplete last batch takes part all the same: models that are divided need it.
    const input = isEmpty ? zeros([1, inChannels, ...imageSize]) : tensor4d(images, [...shape]);
    const outputs = model.outputs(input);
    input.dispose();
    if (!isEmpty) for (const [index, counter] of counters.entries()) await counter.add(outputs[index] as Tensor, batch);
    for (const output of outputs) output.dispose();
  }
  const own = { rank: shard.rank, parts: counters.map((counter) => counter.part()) };
  const byShard = new Map((await strategy.gather(own)).map(({ rank, parts }) => [rank, parts]));
  const all = [...byShard].sort(([a], [b]) => a - b).map(([, parts]) => parts);
  return tasks.map((_, index) => all.map((parts) => parts[index]));
}

/** The scores of all tasks; of several their numbers as `name/score`, and their loss by weight. */
export function judgeTasks(tasks: readonly NamedTask[], parts: TaskParts): TaskScores {
  const scores = tasks.map(({ task }, index) => task.judge(parts[index] as readonly unknown[]));
  const [first] = scores as [TaskScores];
  if (tasks[0]?.name === "") return first;
  const loss = scores.reduce((sum, { numbers }, index) => sum + (tasks[index]?.weight ?? 1) * numbers.loss, 0);
  const prefixed = (values: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> =>
    Object.fromEntries(
      values.flatMap((own, index) =>
        Object.entries(own).map(([name, value]) => [`${tasks[index]?.name}/${name}`, value]),
      ),
    );
  const numbers = prefixed(scores.map((each) => each.numbers)) as Record<string, number>;
  return { numbers: { ...numbers, loss }, details: prefixed(scores.map(({ details }) => details)) };
}

/** By which score the best weights are chosen. */
export interface Monitor {
  readonly name: string;
  readonly better: "higher" | "lower";
}

/**
 * The score that a run's best weights are the best in.
 *
 * @throws {ConfigError} if the tasks have no such score.
 */
export function monitorOf(tasks: readonly NamedTask[], name: string | undefined): Monitor {
  const known = new Map<string, Monitor["better"]>(
    tasks.flatMap(({ name: own, task }) =>
      Object.entries(task.monitors).map(([score, better]) => [own === "" ? score : `${own}/${score}`, better] as const),
    ),
  );
  known.set("loss", "lower");
  const chosen = name ?? (tasks[0]?.name === "" ? ([...known.keys()][0] as string) : "loss");
  const better = known.get(chosen);
  if (better) return { name: chosen, better };
  throw new ConfigError(`train.monitor: expected ${[...known.keys()].join(", ")}, got ${chosen}.`);
}
