/**
 * Figures as SVG and PNG without a browser, and self-contained HTML reports.
 *
 * ```ts
 * import { makeReport, plotCurves, svgToPng } from "@graticule/plot";
 * const svg = plotCurves({ series: [{ name: "train", x, y }], title: "Loss", xLabel: "step", yLabel: "loss", logY: true });
 * await writeFile("loss.png", svgToPng(svg));
 * const map = plotMap({ grid: { latitudes, longitudes }, field, title: "2026-02-14 00 UTC", label: "pressure (hPa)" });
 * const html = makeReport({ title: "Run 12", sections: [{ heading: "Loss", figures: [{ svg, alt: "Loss over steps" }] }] });
 * ```
 */
export { type Bands, bandComposite, percentileStretch, type Stretch } from "./band-composite.js";
export { type ConfusionMatrixOptions, plotConfusionMatrix } from "./confusion-matrix.js";
export { type CurvesOptions, plotCurves, type Series } from "./curves.js";
export { type ApngOptions, encodeApng } from "./encode-apng.js";
export { encodePng } from "./encode-png.js";
export { type IntervalBar, type IntervalsOptions, plotIntervals } from "./intervals.js";
export { type ColorScale, fitColorScale } from "./maps/color-scale.js";
export {
  animateRollout,
  type ForecastFrame,
  type ForecastMapsOptions,
  plotForecastMaps,
  type RolloutAnimationOptions,
} from "./maps/forecast-maps.js";
export { type MapOptions, plotMap } from "./maps/map.js";
export type { MapGrid } from "./maps/map-grid.js";
export type { MapProjectionName, MapView } from "./maps/map-projection.js";
export { plotRankHistogram, type RankHistogramOptions } from "./rank-histogram.js";
export {
  type ReconstructedImage,
  type ReconstructionPanel,
  type ReconstructionPanelOptions,
  reconstructionPanel,
} from "./reconstruction-panel.js";
export { plotReliability, type ReliabilityBin, type ReliabilityOptions } from "./reliability.js";
export {
  makeReport,
  type ReportFigure,
  type ReportOptions,
  type ReportSection,
  type ReportTable,
} from "./report.js";
export { plotScatter, type ScatterOptions } from "./scatter.js";
export { plotScorecard, type ScorecardCell, type ScorecardOptions } from "./scorecard.js";
export { plotSegmentation, type SegmentationOptions, type SegmentedPicture } from "./segmentation-panel.js";
export { plotSpectra, type SpectraOptions, type Spectrum } from "./spectra.js";
export { svgToPng } from "./svg-to-png.js";
