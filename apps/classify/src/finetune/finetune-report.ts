import type { TrainableParameters } from "@graticule/adapters";
import { printConfig } from "@graticule/config";
import { formatBytes, formatDuration } from "@graticule/core";
import { plotCurves, type ReportFigure, type ReportSection } from "@graticule/plot";
import { readMetrics } from "@graticule/train";
import type { ReportPart } from "../run-report.js";
import type { FinetuneConfig } from "./finetune-config.js";
import { type FinetuneSummary, finetuneSummary } from "./finetune-summary.js";
import type { SavedModel } from "./save-tuned.js";

type Metrics = Awaited<ReturnType<typeof readMetrics>>;

/** The part of the report that a fine-tuning run adds: scores, curves, what each task shows, what was trained and its cost. */
export async function finetuneReport(
  runFolder: string,
  config: FinetuneConfig,
  trainable: TrainableParameters,
  saved: SavedModel,
): Promise<ReportPart> {
  const summary = await finetuneSummary(runFolder, config, trainable, saved);
  const metrics = await readMetrics(runFolder);
  const hasIntervals = Object.values(summary.headline).some((text) => text.includes("["));
  const scores: ReportSection = {
    heading: "Fine-tuning",
    text: `The weights of step ${saved.step}, the best of the validations, on ${saved.numImages} images of split '${saved.split}'.${hasIntervals ? " Brackets are 95 % bootstrap intervals." : ""}`,
    table: headlineTable(summary),
    figures: [lossCurves(metrics), ...scoreCurves(metrics), ...saved.reports.flatMap(({ figures }) => figures)],
  };
  const ofTasks = saved.reports.flatMap(({ name, sections }) =>
    sections.map((section) => ({ ...section, heading: name === "" ? section.heading : `${section.heading}: ${name}` })),
  );
  const isAll = trainable.count === trainable.total;
  const share = isAll ? "100" : (100 * trainable.share).toFixed(3);
  const [first] = Object.entries(summary.headline) as [[string, string]];
  return {
    facts: [
      { label: `Fine-tuned ${first[0].replace(" %", "")}`, value: describeFirst(first) },
      { label: "Trained parameters", value: `${share} %` },
    ],
    sections: [
      scores,
      ...ofTasks,
      costSection(summary),
      {
        heading: "Trained tensors",
        text: isAll
          ? `All, ${trainable.total} parameters.`
          : `${trainable.count} of ${trainable.total} parameters, ${share} %.`,
        ...(!isAll && {
          table: {
            columns: ["tensor", "shape"],
            rows: Array.from(trainable.byPath, ([path, shape]) => [path, `[${shape.join(", ")}]`]),
          },
        }),
      },
      { heading: "Settings", code: printConfig(config) },
    ],
  };
}

/** Scores of the run, and below them what the commonest class alone would score. */
function headlineTable({ method, headline }: FinetuneSummary): NonNullable<ReportSection["table"]> {
  const baseline = "majority class: ";
  const entries = Object.entries(headline);
  const columns = entries.flatMap(([name]) => (name.includes(baseline) ? [] : [name]));
  const below = new Map(
    entries.flatMap(([name, text]) => (name.includes(baseline) ? [[name.replace(baseline, ""), text]] : [])),
  );
  const rows = [[method, ...columns.map((name) => headline[name] as string)]];
  if (below.size > 0) rows.push(["commonest class", ...columns.map((name) => below.get(name) ?? "")]);
  return { columns: ["method", ...columns], rows };
}

/** Without its interval. */
const describeFirst = ([name, text]: readonly [string, string]): string =>
  `${text.replace(/ \[.*/, "")}${name.endsWith(" %") ? " %" : ""}`;

function lossCurves({ steps, evaluations }: Metrics): ReportFigure {
  const training = { name: "training", x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss) };
  return {
    svg: plotCurves({
      series: [training, validationCurve(evaluations, "loss", "validation")],
      ...{ title: "Loss", xLabel: "step", yLabel: "loss" },
    }),
    alt: "Loss over steps",
  };
}

/**
 * Scores that lie between 0 and 1 and are the better the higher in one plot, where those that are equal, as top-1 and micro-F1
 * are, are one line; others each in their own. None of a single validation.
 */
function scoreCurves({ evaluations }: Metrics): ReportFigure[] {
  if (evaluations.length < 2) return [];
  const names = Object.keys(evaluations[0]?.evaluation ?? {}).filter((name) => !/(^|\/)loss$/.test(name));
  const isShare = (name: string): boolean =>
    evaluations.every(({ evaluation }) => (evaluation[name] ?? 0) >= 0 && (evaluation[name] ?? 0) <= 1);
  const shares = names.filter((name) => isShare(name) && !/rmse|mae|bias|error/i.test(name));
  const others = names.filter((name) => !shares.includes(name));
  const equal = new Map<string, string[]>();
  for (const name of shares) {
    // Computed in other ways they may differ in the last digits.
    const values = evaluations.map(({ evaluation }) => evaluation[name]?.toFixed(6)).join();
    equal.set(values, [...(equal.get(values) ?? []), name]);
  }
  const plot = (title: string, yLabel: string, shown: readonly (readonly string[])[]): ReportFigure => ({
    svg: plotCurves({
      series: shown.map((same) => validationCurve(evaluations, same[0] as string, same.join(", "))),
      ...{ title, xLabel: "step", yLabel },
    }),
    alt: `${title} over steps`,
  });
  return [
    ...(shares.length > 0
      ? [plot("Validation", equal.size === 1 ? shares.join(", ") : "share", [...equal.values()])]
      : []),
    ...others.map((name) => plot(`Validation: ${name}`, name, [[name]])),
  ];
}

function validationCurve(evaluations: Metrics["evaluations"], score: string, name = score) {
  return {
    name,
    x: evaluations.map(({ step }) => step),
    y: evaluations.map(({ evaluation }) => evaluation[score] ?? Number.NaN),
  };
}

function costSection({ steps, medianSpeed, peakBytes, seconds }: FinetuneSummary): ReportSection {
  return {
    heading: "Cost",
    table: {
      columns: ["steps", "median images/s", "peak tensor memory", "time"],
      rows: [
        [
          String(steps),
          medianSpeed.toFixed(1),
          peakBytes === undefined ? "not counted" : formatBytes(peakBytes),
          formatDuration(seconds),
        ],
      ],
    },
  };
}
