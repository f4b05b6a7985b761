import { ConfigError } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import { openCheckpointWeights } from "@graticule/train";
import { reshape, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { PretrainedRun } from "../encoder.js";
import { finetuneConfig } from "./finetune-config.js";
import { openTasks } from "./tasks/run-tasks.js";
import type { OutputMeaning } from "./tasks/task.js";
import { isTunable, makeModelWithHeads } from "./tuned-model.js";

/** What one head of a tuned model tells of images. */
export interface ModelOutput {
  /** The task's name; '' of one that is alone. */
  readonly name: string;
  readonly meaning: OutputMeaning;
  /** Whether it tells of each pixel, or of the whole image. */
  readonly isDense: boolean;
}

/** A tuned run that is open for prediction. */
export interface OpenTunedModel {
  readonly imageSize: readonly [height: number, width: number];
  /** Channels with the mean and std that images are normalized by. */
  readonly schema: ChannelSchema;
  readonly outputs: readonly ModelOutput[];
  /**
   * Scores of normalized images, for each of `outputs`: probabilities of classes, or values in their unit. Shape:
   * `[B, C, H, W]` → `[B, H, W, K]`, or `[B, 1, 1, K]` where it is of whole images.
   */
  windowScores(images: Tensor): Tensor4D[];
  dispose(): void;
}

/**
 * Opens what a run was fine-tuned for, of any task.
 *
 * @throws {ConfigError} if the run was not fine-tuned.
 */
export async function openTunedModel({ checkpoint, run }: PretrainedRun): Promise<OpenTunedModel> {
  const { model: shape, classNames } = run;
  const stored =
    run.tasks ??
    (classNames && { task: { kind: "classification" as const }, facts: { "": { classNames, counts: [] } } });
  if (!stored || !isTunable(shape))
    throw new ConfigError(
      `${checkpoint.path}: expected a run that was fine-tuned, got one without a head. Use finetune.`,
    );
  const { schema } = checkpoint.state;
  const loss = finetuneConfig.shape.loss.parse(undefined);
  const tasks = openTasks({ task: stored.task, model: shape, loss }, stored.facts);
  const heads = tasks.map(({ task }) => task.head);
  const model = makeModelWithHeads(shape, { schema, heads, dropPathRate: 0, seed: 0 });
  const weights = await openCheckpointWeights(checkpoint);
  await model.module.loadStateDict(weights).finally(() => weights.close());
  return {
    imageSize: shape.imageSize,
    schema,
    outputs: tasks.map(({ name, task: { meaning, head } }) => ({ name, meaning, isDense: head.kind !== "pooled" })),
    windowScores: (images) =>
      tidy(() =>
        model.outputs(images).map((outputs, index) => {
          const scores = tasks[index]?.task.activate(outputs) as Tensor;
          const [batch, numClasses] = [scores.shape[0] as number, scores.shape.at(-1) as number];
          return (scores.rank === 4 ? scores : reshape(scores, [batch, 1, 1, numClasses])) as Tensor4D;
        }),
      ),
    dispose: () => model.module.dispose(),
  };
}
