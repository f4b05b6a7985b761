import type { ScoreRecord } from "@graticule/eval";
import { plotCurves, type ReportFigure } from "@graticule/plot";
import { formatUnit } from "../format-unit.js";
import { type ScoreSheet, SPECTRA_LATITUDES } from "./score.js";
import { describeProvenance } from "./score-provenance.js";

/** Zonal power of one channel's forecasts by wavenumber, beside the truth's. */
export function spectraFigures({ spectra, records, source }: ScoreSheet, channel: string): ReportFigure[] {
  const ours = spectra.filter((each) => each.channel === channel);
  const [first] = ours;
  const record = records.find((each) => each.source === source && each.channel === channel) as ScoreRecord;
  if (!first) return [];
  const waves = Array.from(first.truth, (_, wavenumber) => wavenumber).slice(1);
  const series = [
    { name: "truth", x: waves, y: first.truth.slice(1), dashed: true },
    ...ours.map(({ leadTimeHours, forecast }) => ({ name: `+${leadTimeHours} h`, x: waves, y: forecast.slice(1) })),
  ];
  const unit = formatUnit(first.unit);
  const power = unit === "" ? "power" : `power [${/^[A-Za-z]+$/.test(unit) ? unit : `(${unit})`}²]`;
  const [south, north] = SPECTRA_LATITUDES;
  const svg = plotCurves({
    series,
    title: `Zonal spectrum of ${channel}, ${south} to ${north} N`,
    xLabel: "zonal wavenumber",
    yLabel: power,
    logX: true,
    logY: true,
  });
  return [
    {
      svg,
      alt: `Zonal spectrum of ${channel}: forecasts and truth`,
      caption: `A forecast whose power falls off early is blurred. ${describeProvenance(record)}`,
    },
  ];
}
