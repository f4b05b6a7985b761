import { ConfigError } from "@graticule/core";
import { type MultiLabelMetrics, multiLabelMetrics } from "@graticule/eval";
import { multiLabelLoss } from "@graticule/models";
import { sigmoid, tensor, tidy } from "@tensorflow/tfjs-core";
import { classWeightsOf } from "../class-weights.js";
import { percent, percentWithin } from "../percent.js";
import { readTargets, targetArray } from "../target-array.js";
import type { HeadTask, TaskKind, TaskReport, TaskScores } from "../task.js";
import type { MultiLabelSettings } from "./settings.js";

interface MultiLabelFacts {
  readonly classNames: readonly string[];
  /** Training images, and those that have each class, where the loss asks for them. */
  readonly images: number;
  readonly counts: readonly number[];
}

type LabelledImage = readonly [index: number, targets: readonly number[], logits: readonly number[]];

/** Any number of classes for each image. */
export const multiLabel: TaskKind<MultiLabelSettings, MultiLabelFacts> = {
  async learn({ target, loss }, dataset) {
    const { classNames = [], length: images } = dataset;
    if (classNames.length === 0)
      throw new ConfigError(
        "finetune: expected data that name their classes, got none. Give the table a column 'labels'.",
      );
    const counts = classNames.map(() => 0);
    if (loss.positiveWeights === "balanced")
      for await (const { data } of readTargets(dataset, target))
        for (const [index, value] of data.entries()) if (value > 0.5) counts[index]! += 1;
    return { classNames, images, counts };
  },

  open({ target, threshold, loss }, { classNames, images, counts }): HeadTask<readonly LabelledImage[]> {
    const numClasses = classNames.length;
    const { positiveWeights: weights, gamma } = loss;
    const balanced = (index: number): number => (images - (counts[index] as number)) / (counts[index] as number);
    const positiveWeights = classWeightsOf("task.loss.positiveWeights", weights, classNames, counts, balanced);
    const judge = (parts: readonly (readonly LabelledImage[])[]) => {
      const items = parts.flat().sort(([a], [b]) => a - b);
      const targets = items.flatMap(([, own]) => own);
      const logits = items.flatMap(([, , own]) => own);
      const probabilities = Float32Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
      const metrics = multiLabelMetrics(probabilities, targets, numClasses, { seed: 0, threshold });
      const { mAP, microF1, macroF1 } = metrics;
      return { numbers: { loss: crossEntropy(logits, targets), mAP, microF1, macroF1 }, details: { metrics } };
    };
    return {
      head: { kind: "pooled", outputs: numClasses },
      meaning: { kind: "classes", activation: "sigmoid", classNames },
      monitors: { mAP: "higher", microF1: "higher", macroF1: "higher", loss: "lower" },
      loss: (logits, { arrays }) =>
        tidy(() => {
          const { data, shape } = targetArray(arrays, target);
          return multiLabelLoss(logits, tensor(data, [...shape]), { positiveWeights, gamma });
        }),
      activate: (logits) => sigmoid(logits),
      makeCounter() {
        const items: LabelledImage[] = [];
        return {
          async add(logits, { arrays, indices }) {
            const values = await logits.data();
            const targets = targetArray(arrays, target).data;
            for (const [row, index] of indices.entries()) {
              const ends = [row * numClasses, (row + 1) * numClasses] as const;
              items.push([index, [...targets.subarray(...ends)], [...values.subarray(...ends)]]);
            }
          },
          part: () => items,
        };
      },
      judge,
      report: (parts) => reportOf(judge(parts), classNames),
    };
  },
};

/** Mean over images and classes. */
function crossEntropy(logits: readonly number[], targets: readonly number[]): number {
  const sum = logits.reduce((total, logit, index) => {
    const minusLogRest = Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)));
    return total + minusLogRest - (targets[index] as number) * logit;
  }, 0);
  return sum / logits.length;
}

function reportOf(
  { numbers, details: { metrics } }: TaskScores & { readonly details: { readonly metrics: MultiLabelMetrics } },
  classNames: readonly string[],
): TaskReport {
  const { mAP, microF1, macroF1, intervals, threshold, perClass } = metrics;
  return {
    headline: {
      "mAP %": percent(mAP),
      "micro-F1 %": percentWithin(microF1, intervals.microF1),
      "macro-F1 %": percentWithin(macroF1, intervals.macroF1),
      loss: (numbers.loss as number).toFixed(4),
    },
    figures: [],
    sections: [
      {
        heading: "Classes",
        text: `A class counts as predicted from a probability of ${threshold} on; average precision takes every threshold. Classes that no image has are left out of its mean.`,
        table: {
          columns: ["class", "average precision %", "precision %", "recall %", "F1 %", "images"],
          rows: perClass.map(({ averagePrecision, precision, recall, f1, support }, index) => [
            ...[classNames[index] as string, percent(averagePrecision), percent(precision), percent(recall)],
            ...[percent(f1), String(support)],
          ]),
        },
      },
    ],
  };
}
