import type { ReportPart } from "@graticule/classify";
import type { ScoreDifference, ScoreRecord } from "@graticule/eval";
import { plotCurves, plotScorecard, type ReportFigure } from "@graticule/plot";
import { formatUnit } from "../format-unit.js";
import { ensembleFigures } from "./ensemble-figures.js";
import type { ScoreSheet } from "./score.js";
import { describeProvenance } from "./score-provenance.js";
import { spectraFigures } from "./spectra-figure.js";

const isRmse = ({ definition }: { readonly definition: string }): boolean => definition.endsWith(".rmse");

/** The region of tables and curves; scorecards have all. */
const mainRegion = ({ records }: ScoreSheet): string => (records[0] as ScoreRecord).region;

export interface ScoreTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** RMSE by channel and lead time in the first region: a column for each source, `*` where the source is better beyond the interval. */
export function scoreTable(sheet: ScoreSheet): ScoreTable {
  const { source } = sheet;
  const region = mainRegion(sheet);
  const [records, differences] = [
    sheet.records.filter((record) => record.region === region),
    sheet.differences.filter((difference) => difference.region === region),
  ];
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
    const unit = record.unit === "" ? "" : ` [${formatUnit(record.unit)}]`;
    return [
      `${record.channel}${unit}`,
      `${record.leadTimeHours} h`,
      `${formatScore(record.value)} (${formatScore(low)} to ${formatScore(high)})`,
      ...cells,
    ];
  });
  return { columns: ["RMSE", "lead", source, ...baselines], rows };
}

/**
 * All channels beside each baseline, by lead time in the first region: how much smaller their errors are, and on how many.
 * Undefined of a single channel.
 */
export function summaryTable(sheet: ScoreSheet): ScoreTable | undefined {
  const region = mainRegion(sheet);
  const rmse = sheet.differences.filter((each) => each.region === region && isRmse(each));
  const channels = new Set(rmse.map(({ channel }) => channel)).size;
  if (channels < 2) return undefined;
  const rows = sheet.summaries
    .filter((summary) => summary.region === region)
    .map(({ baseline, leadTimeHours, improvement, interval: [low, high] }) => {
      const same = rmse.filter((each) => each.baseline === baseline && each.leadTimeHours === leadTimeHours);
      const count = (isCounted: (difference: ScoreDifference) => boolean): string => `${same.filter(isCounted).length}`;
      return [
        baseline,
        `${leadTimeHours} h`,
        `${percent(improvement)} % (${percent(low)} to ${percent(high)})`,
        count(({ value }) => value < 0),
        count(({ value, significant }) => significant && value < 0),
        count(({ value, significant }) => significant && value > 0),
      ];
    });
  const columns = ["baseline", "lead", "RMSE smaller by", `smaller on, of ${channels}`, "significantly", "larger"];
  return { columns, rows };
}

/** What the columns of `summaryTable` mean. */
export const SUMMARY_LEGEND =
  "smaller by: 1 − median over channels of RMSE ÷ the baseline's; significantly smaller, larger: by the 95 % block bootstrap";

function percent(share: number): string {
  return (100 * share).toFixed(1).replace("-", "−");
}

/** What the marks of `scoreTable` mean. */
export const TABLE_LEGEND =
  "* the model's error is smaller, ! larger: the 95 % block-bootstrap interval of the paired difference leaves 0 out";

function formatScore(value: number): string {
  if (!Number.isFinite(value)) return "none";
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(3).replace("-", "−") : value.toPrecision(4);
}

/** Channels that get figures of their own beside RMSE and ACC. */
const MOST_CHANNELS = 4;

/** The part of the report that scoring adds: the table, error growth, regions, ensembles, spectra, each with its source. */
export function scoreReport(sheet: ScoreSheet): ReportPart {
  const first = sheet.records[0] as ScoreRecord;
  const region = mainRegion(sheet);
  const channels = [...new Set(sheet.records.map(({ channel }) => channel))];
  const shown = channels.slice(0, MOST_CHANNELS);
  const table = scoreTable(sheet);
  const summary = summaryTable(sheet);
  const ensemble = shown.flatMap((channel) => ensembleFigures(sheet, channel, region));
  const spectra = shown.flatMap((channel) => spectraFigures(sheet, channel));
  return {
    sections: [
      {
        heading: `Scores on split '${sheet.split}'`,
        text: `Region ${region}. ${describeProvenance(first)}. ${TABLE_LEGEND}. Baselines are fitted on what precedes the split.`,
        table: htmlTable(table),
        figures: channels.flatMap((channel) => growthFigures(sheet, channel, region)),
      },
      ...(summary
        ? [{ heading: "All channels", text: `${capitalized(SUMMARY_LEGEND)}.`, table: htmlTable(summary) }]
        : []),
      { heading: "Scorecards", figures: scorecards(sheet) },
      ...(ensemble.length > 0 ? [{ heading: "Ensemble", figures: ensemble }] : []),
      ...(spectra.length > 0 ? [{ heading: "Spectra", figures: spectra }] : []),
    ],
  };
}

const htmlTable = ({ columns, rows }: ScoreTable) => ({
  columns: [...columns],
  rows: rows.map((row) => row.map(unbroken)),
});

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Keeps a cell on one line. */
const unbroken = (cell: string): string => cell.replaceAll(" ", "\u00a0").replaceAll("-", "\u2011");

/** RMSE and ACC over lead time, with the source's intervals as bands; nothing where there is a single lead time. */
function growthFigures({ records, source }: ScoreSheet, channel: string, region: string): ReportFigure[] {
  const here = records.filter((record) => record.channel === channel && record.region === region);
  const sources = [...new Set(here.map((record) => record.source))];
  return (["rmse", "acc"] as const).flatMap((metric) => {
    const of = (name: string): ScoreRecord[] =>
      here.filter((record) => record.source === name && record.definition.endsWith(`.${metric}`));
    const [own] = of(source);
    if (!own || of(source).length < 2) return [];
    const series = sources
      .map((name) => {
        const ends = of(name).map(({ interval }) => interval ?? [Number.NaN, Number.NaN]);
        return {
          name,
          x: of(name).map(({ leadTimeHours }) => leadTimeHours),
          y: of(name).map(({ value }) => value),
          ...(name === source
            ? { band: { low: ends.map(([low]) => low), high: ends.map(([, high]) => high) } }
            : { dashed: true }),
        };
      })
      .filter(({ y }) => y.length > 0 && y.every(Number.isFinite));
    if (series.length === 0) return [];
    const title = `${metric.toUpperCase()} of ${channel}, ${region}`;
    const svg = plotCurves({
      series,
      title,
      xLabel: "lead time in hours",
      yLabel: own.unit ? `${metric.toUpperCase()} [${formatUnit(own.unit)}]` : metric.toUpperCase(),
    });
    return [{ svg, alt: `${title} over lead time, with baselines`, caption: describeProvenance(own) }];
  });
}

/** RMSE against each baseline, channels and regions by lead times. */
function scorecards({ differences }: ScoreSheet): ReportFigure[] {
  const rmse = differences.filter(isRmse);
  const regions = [...new Set(rmse.map(({ region }) => region))];
  const rows = [...new Set(rmse.map(({ channel }) => channel))].flatMap((channel) =>
    regions.map((region) => ({ channel, region })),
  );
  const leads = [...new Set(rmse.map(({ leadTimeHours }) => leadTimeHours))];
  return [...new Set(rmse.map(({ baseline }) => baseline))].map((baseline) => {
    const ours = rmse.filter((each) => each.baseline === baseline);
    const label = `RMSE against ${baseline}`;
    const cells = rows.map(({ channel, region }) =>
      leads.map(
        (lead) =>
          ours.find((each) => each.channel === channel && each.region === region && each.leadTimeHours === lead) ??
          null,
      ),
    );
    const names = rows.map(({ channel, region }) => (regions.length > 1 ? `${channel}, ${region}` : channel));
    return {
      svg: plotScorecard({ title: label, rows: names, columns: leads.map((lead) => `${lead} h`), cells, label }),
      alt: label,
      caption: describeProvenance(ours[0] as (typeof ours)[number]),
    };
  });
}
