import type { ScoreRecord } from "@graticule/eval";
import { plotCurves, plotRankHistogram, type ReportFigure } from "@graticule/plot";
import { formatUnit } from "../format-unit.js";
import type { ScoreSheet } from "./score.js";
import { describeProvenance } from "./score-provenance.js";

/** CRPS beside the baselines' mean absolute error, spread beside skill, and rank histograms of one channel and region. */
export function ensembleFigures(sheet: ScoreSheet, channel: string, region: string): ReportFigure[] {
  const { source, rankHistograms } = sheet;
  const records = sheet.records.filter((record) => record.channel === channel && record.region === region);
  const pick = (name: string, metric: string): ScoreRecord[] =>
    records.filter((record) => record.source === name && record.definition.endsWith(`.${metric}`));
  const [first] = pick(source, "crps-fair");
  if (!first) return [];
  const curve = (name: string, of: readonly ScoreRecord[], dashed = false) => ({
    name,
    x: of.map(({ leadTimeHours }) => leadTimeHours),
    y: of.map(({ value }) => value),
    dashed,
  });
  const baselines = [...new Set(records.map((record) => record.source))].filter((name) => name !== source);
  const labels = { xLabel: "lead time in hours", yLabel: first.unit ? `[${formatUnit(first.unit)}]` : "score" };
  const caption = describeProvenance(first);
  const crps = plotCurves({
    ...labels,
    title: `CRPS of ${channel}, ${region}`,
    series: [
      curve(source, pick(source, "crps-fair")),
      ...baselines.map((name) => curve(name, pick(name, "mae"), true)),
    ],
  });
  const spread = plotCurves({
    ...labels,
    title: `Spread and skill of ${channel}, ${region}`,
    series: [curve("spread", pick(source, "spread")), curve("RMSE of the mean", pick(source, "mean-rmse"))],
  });
  const histograms = rankHistograms.filter((each) => each.channel === channel && each.region === region);
  const shown = histograms.filter((_, at) => at === 0 || at === histograms.length - 1);
  return [
    {
      svg: crps,
      alt: `CRPS of ${channel}`,
      caption: `Fair CRPS; of a single forecast it is the mean absolute error. ${caption}`,
    },
    {
      svg: spread,
      alt: `Spread and skill of ${channel}`,
      caption: `A reliable ensemble's spread is its mean's error. ${caption}`,
    },
    ...shown.map(({ shares, leadTimeHours, samples }) => ({
      svg: plotRankHistogram({ shares, title: `Ranks of ${channel} at ${leadTimeHours} h, ${region}` }),
      alt: `Rank histogram of ${channel} at ${leadTimeHours} h`,
      caption: `${samples} samples. ${caption}`,
    })),
  ];
}
