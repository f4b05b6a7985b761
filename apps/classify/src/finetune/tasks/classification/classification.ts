import { ConfigError } from "@graticule/core";
import type { Batch, Dataset } from "@graticule/data";
import { type Calibration, type ClassificationMetrics, calibration, classificationMetrics } from "@graticule/eval";
import { softmax, type Tensor } from "@tensorflow/tfjs-core";
import type { HeadTask, TaskKind, TaskScores } from "../task.js";
import { makeClassificationLoss } from "./classification-loss.js";
import { classificationReport } from "./classification-report.js";

interface ClassFacts {
  readonly classNames: readonly string[];
  /** Training images of each class, where the loss asks for them. */
  readonly counts: readonly number[];
}

type LabelledLogits = readonly [index: number, label: number, logits: readonly number[]];

/** Everything about a classifier's answers. */
export interface ClassScoresDetails {
  readonly metrics: ClassificationMetrics;
  readonly calibration: Calibration;
}

/** One class for each image. */
export const classification: TaskKind<unknown, ClassFacts> = {
  async learn(_, dataset, { loss }) {
    const { classNames = [] } = dataset;
    if (classNames.length === 0)
      throw new ConfigError(
        "finetune: expected images in class folders or weak labels, got none in split 'train'. Lay the images out as root/class/*, or set data.weakLabels.",
      );
    const counts = loss.classWeights === "balanced" ? await countLabels(dataset, classNames.length) : [];
    return { classNames, counts };
  },

  open(_, { classNames, counts }, config): HeadTask<readonly LabelledLogits[]> {
    const lossOf = makeClassificationLoss(config.loss, classNames, counts);
    const numClasses = classNames.length;
    const judge = (parts: readonly (readonly LabelledLogits[])[]): TaskScores & { details: ClassScoresDetails } => {
      const items = parts.flat().sort(([a], [b]) => a - b);
      const scores = Float32Array.from(items.flatMap(([, , logits]) => logits));
      const labels = Int32Array.from(items, ([, label]) => label);
      const losses = items.map(([, label, logits]) => crossEntropy(logits, label));
      const metrics = classificationMetrics(scores, labels, numClasses, { seed: 0 });
      const details = { metrics, calibration: calibration(scores, labels, numClasses) };
      const { top1, top5, macroF1, microF1 } = metrics;
      const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length;
      const calibrationError = details.calibration.expectedError;
      return { numbers: { loss, top1, top5, macroF1, microF1, calibrationError }, details: { ...details } };
    };
    return {
      head: { kind: "pooled", outputs: numClasses },
      meaning: { kind: "classes", activation: "softmax", classNames },
      monitors: { top1: "higher", macroF1: "higher", loss: "lower" },
      loss: (logits, { labels, arrays }) => lossOf(logits, labels, arrays.mix?.data),
      activate: (logits) => softmax(logits),
      makeCounter() {
        const items: LabelledLogits[] = [];
        return { add: async (logits, batch) => void items.push(...(await labelled(logits, batch))), part: () => items };
      },
      judge,
      report: (parts) => classificationReport(judge(parts), classNames),
    };
  },
};

async function labelled(logits: Tensor, { labels, indices }: Batch): Promise<LabelledLogits[]> {
  const values = await logits.data();
  const numClasses = logits.shape[1] as number;
  return Array.from(labels, (label, row) => [
    indices[row] as number,
    label,
    [...values.subarray(row * numClasses, (row + 1) * numClasses)],
  ]);
}

/** Reads all images where the data don't know their classes before. */
async function countLabels(dataset: Dataset, numClasses: number): Promise<number[]> {
  const counts = new Array<number>(numClasses).fill(0);
  for (let index = 0; index < dataset.length; index++) {
    const label = dataset.labels?.[index] ?? (await dataset.read(index)).label ?? -1;
    if (label >= 0) counts[label] = (counts[label] as number) + 1;
  }
  return counts;
}

function crossEntropy(logits: readonly number[], label: number): number {
  const highest = Math.max(...logits);
  return (
    Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0)) + highest - (logits[label] as number)
  );
}
