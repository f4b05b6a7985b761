import type { ReportPart } from "@graticule/classify";
import type { ScoreRecord } from "@graticule/eval";
import { plotCurves } from "@graticule/plot";
import type { ScoreSheet } from "./score.js";

const isRmse = ({ definition }: { readonly definition: string }): boolean => definition.endsWith(".rmse");

/** RMSE by channel and lead time: a column for each source, `*` where the source is better beyond the interval. */
export function scoreTable({ source, records, differences }: ScoreSheet): {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  const rmse = records.filter(isRmse);
  const baselines = [...new Set(rmse.map((record) => record.source))].filter((name) => name !== source);
  const ours = rmse.filter((record) => record.source === source);
  const rows = ours.map((record) => {
    const same = (other: { readonly channel: string; readonly leadTimeHours: number }): boolean =>
      other.channel === record.channel && other.leadTimeHours === record.leadTimeHours;
    const cells = baselines.map((name) => {
      const value = rmse.find((other) => other.source === name && same(other))?.value;
      const difference = differences.find((other) => isRmse(other) && other.baseline === name && same(other));
      const sign = !difference?.significant ? "" : difference.value < 0 ? " *" : " !";
      return `${formatScore(value ?? Number.NaN)}${sign}`;
    });
    const [low, high] = record.interval ?? [Number.NaN, Number.NaN];
    const unit = record.unit === "" ? "" : ` [${record.unit}]`;
    return [
      `${record.channel}${unit}`,
      `${record.leadTimeHours} h`,
      `${formatScore(record.value)} (${formatScore(low)} to ${formatScore(high)})`,
      ...cells,
    ];
  });
  return { columns: ["RMSE", "lead", source, ...baselines], rows };
}

/** What the marks of `scoreTable` mean. */
export const TABLE_LEGEND =
  "* the model's error is smaller, ! larger: the 95 % block-bootstrap interval of the paired difference leaves 0 out";

function formatScore(value: number): string {
  return Number.isFinite(value) ? value.toPrecision(4) : "none";
}

/** The part of the report that scoring adds: the table, error growth, anomaly correlation, and where it all comes from. */
export function scoreReport(sheet: ScoreSheet): ReportPart {
  const { records, source } = sheet;
  const first = records[0] as ScoreRecord;
  const channels = [...new Set(records.map(({ channel }) => channel))];
  const sources = [...new Set(records.map((record) => record.source))];
  const figures = channels.flatMap((channel) =>
    (["rmse", "acc"] as const).flatMap((metric) => {
      const of = (name: string): ScoreRecord[] =>
        records.filter(
          (record) => record.channel === channel && record.source === name && record.definition.endsWith(`.${metric}`),
        );
      const series = sources
        .map((name) => ({
          name,
          x: of(name).map((record) => record.leadTimeHours),
          y: of(name).map(({ value }) => value),
        }))
        .filter(({ y }) => y.length > 0 && y.every(Number.isFinite));
      if (series.length === 0) return [];
      const unit = of(source)[0]?.unit;
      const title = `${metric.toUpperCase()} of ${channel}`;
      const svg = plotCurves({
        series,
        title,
        xLabel: "lead time in hours",
        yLabel: unit ? `${metric} [${unit}]` : metric,
      });
      return [{ svg, alt: `${title} over lead time, with baselines` }];
    }),
  );
  const table = scoreTable(sheet);
  return {
    sections: [
      {
        heading: `Scores on split '${sheet.split}'`,
        text: `${first.samples} starts from ${first.dates[0]} to ${first.dates[1]}; grid ${first.grid}; weights ${first.weights}; definitions ${first.definition.split(".")[0]}; climatology: ${first.climatology}; truth ${first.truth}; weights of the model ${first.checkpoint ?? "unknown"}. ${TABLE_LEGEND}. Baselines are fitted on what precedes the split.`,
        table: { columns: [...table.columns], rows: table.rows.map((row) => [...row]) },
        figures,
      },
    ],
  };
}
