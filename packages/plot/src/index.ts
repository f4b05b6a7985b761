/**
 * Figures as SVG and PNG without a browser, and self-contained HTML reports.
 *
 * ```ts
 * import { makeReport, plotCurves, svgToPng } from "@graticule/plot";
 * const svg = plotCurves({ series: [{ name: "train", x, y }], title: "Loss", xLabel: "step", yLabel: "loss", logY: true });
 * await writeFile("loss.png", svgToPng(svg));
 * const html = makeReport({ title: "Run 12", sections: [{ heading: "Loss", figures: [{ svg, alt: "Loss over steps" }] }] });
 * ```
 */
export { type Bands, bandComposite, percentileStretch, type Stretch } from "./band-composite.js";
export { type ConfusionMatrixOptions, plotConfusionMatrix } from "./confusion-matrix.js";
export { type CurvesOptions, plotCurves, type Series } from "./curves.js";
export { encodePng } from "./encode-png.js";
export { type IntervalBar, type IntervalsOptions, plotIntervals } from "./intervals.js";
export {
  type ReconstructedImage,
  type ReconstructionPanel,
  type ReconstructionPanelOptions,
  reconstructionPanel,
} from "./reconstruction-panel.js";
export {
  makeReport,
  type ReportFigure,
  type ReportOptions,
  type ReportSection,
  type ReportTable,
} from "./report.js";
export { plotSpectra, type SpectraOptions, type Spectrum } from "./spectra.js";
export { svgToPng } from "./svg-to-png.js";
