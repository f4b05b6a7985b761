import { plotConfusionMatrix, plotIntervals, type ReportSection } from "@graticule/plot";
import type { Evaluation, EvaluationResult } from "./evaluate.js";
import type { ReportPart } from "./run-report.js";

const FEATURE_NAMES = {
  pretrained: "Pretrained encoder",
  random: "Random-init encoder",
  pixels: "Raw pixels",
} as const;
const METHOD_NAMES = { probe: "Linear probe", knn: "kNN" } as const;

/** Writes a share with its interval, in percent: `83.1 [79.4, 86.7]`. */
function percent(value: number, [low, high]: readonly [number, number]): string {
  const number = (share: number): string => (100 * share).toFixed(1);
  return `${number(value)} [${number(low)}, ${number(high)}]`;
}

/** The comparison of all features, as rows of text for a terminal or a report. */
export function comparisonTable({ evaluations }: EvaluationResult): { columns: string[]; rows: string[][] } {
  return {
    columns: ["features", "top-1 %", "top-5 %", "macro-F1 %"],
    rows: evaluations.map(({ features, metrics: { top1, top5, macroF1, intervals } }) => [
      FEATURE_NAMES[features],
      percent(top1, intervals.top1),
      percent(top5, intervals.top5),
      percent(macroF1, intervals.macroF1),
    ]),
  };
}

/** The part of the run's report that an evaluation adds. */
export function evaluationReport(result: EvaluationResult): ReportPart {
  const { method, checkpoint, encoderHash, evaluations } = result;
  const name = METHOD_NAMES[method];
  const [{ numTrain, numEval, classNames, metrics }] = evaluations as [Evaluation, ...Evaluation[]];
  const bars = evaluations.map(({ features, metrics: { top1, intervals } }) => ({
    name: FEATURE_NAMES[features],
    value: 100 * top1,
    low: 100 * intervals.top1[0],
    high: 100 * intervals.top1[1],
  }));
  const section: ReportSection = {
    heading: name,
    text: `Frozen features of ${numTrain} training images, scored on ${numEval} held-out images of ${classNames.length} classes. Brackets are 95 % bootstrap intervals.`,
    table: comparisonTable(result),
    figures: [
      ...(bars.length > 1
        ? [
            {
              svg: plotIntervals({ bars, title: `${name}: top-1`, label: "top-1 accuracy (%)" }),
              alt: "Top-1 accuracy of each kind of features",
            },
          ]
        : []),
      {
        svg: plotConfusionMatrix({ matrix: metrics.confusionMatrix, classNames, title: `${name}: confusion matrix` }),
        alt: "Confusion matrix of the pretrained encoder",
      },
    ],
    code: `checkpoint ${checkpoint}\nencoder sha256 ${encoderHash}`,
  };
  return { facts: [{ label: `${name} top-1`, value: `${(100 * metrics.top1).toFixed(1)} %` }], sections: [section] };
}
