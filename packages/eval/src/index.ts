/**
 * Judges frozen features (linear probe, kNN, raw-pixel baselines) and forecasts (scores, baselines), with intervals.
 *
 * ```ts
 * import { knn, linearProbe } from "@graticule/eval";
 * const trainFeatures = { values, labels, numClasses: 21 }; // values Float32Array [N, D], labels Int32Array [N]
 * const probe = await linearProbe({ trainFeatures, testFeatures, method: "lbfgs", seed: 0 });
 * probe.metrics.top1; // 0.93
 * probe.metrics.intervals.top1; // [0.91, 0.95]
 * const neighbours = await knn({ trainFeatures, testFeatures, seed: 0 });
 *
 * const scores = makeForecastScores({ protocol: "weatherbench2", grid, channels, source: "model", checkpoint, truth, climatology });
 * scores.add({ startHours, leadTimeHours: 72, forecast, truth: truthField, climatology: climatologyField }); // [V, H, W]
 * const records = scores.records({ seed: 0 }); // value, 95 % interval, and what they stand on
 * ```
 */
export { type BootstrapOptions, bootstrapIntervals, type Interval, quantile } from "./bootstrap.js";
export { type Calibration, type CalibrationBin, calibration } from "./calibration.js";
export {
  type ClassificationMetrics,
  type ClassScores,
  classificationMetrics,
  predictClasses,
} from "./classification-metrics.js";
export {
  type BlockBootstrapOptions,
  blockBootstrapIntervals,
} from "./forecast/block-bootstrap.js";
export { compareForecasts, type ScoreDifference } from "./forecast/compare-forecasts.js";
export {
  type AnomalyPair,
  type DampedPersistence,
  type DampedPersistenceFit,
  makeDampedPersistence,
} from "./forecast/damped-persistence.js";
export {
  type EnsembleScores,
  type EnsembleScoresOptions,
  makeEnsembleScores,
  type RankHistogram,
  type ScoredEnsemble,
} from "./forecast/ensemble-scores.js";
export {
  type ForecastScores,
  type ForecastScoresOptions,
  makeForecastScores,
  type ScoredForecast,
} from "./forecast/forecast-scores.js";
export { type MeanField, makeMeanField } from "./forecast/mean-field.js";
export { type MedianImprovement, medianImprovements } from "./forecast/median-improvement.js";
export {
  describeMetric,
  type MetricName,
  type Protocol,
  type ProtocolName,
  protocols,
} from "./forecast/protocol.js";
export { globalRegion, type Region, regionCells, weatherBench2Regions } from "./forecast/regions.js";
export { fitRidgeForecast, type RidgeForecast, type RidgeForecastOptions } from "./forecast/ridge-forecast.js";
export { latitudeWeights, type ScoreChannel, type ScoreGrid, type WeightKind } from "./forecast/score-grid.js";
export type { ScoreIntervals, ScoreProvenance, ScoreRecord } from "./forecast/score-record.js";
export { makeZonalSpectra, type ZonalSpectra, type ZonalSpectrum, zonalPower } from "./forecast/zonal-spectra.js";
export { type KnnOptions, type KnnResult, knn } from "./knn.js";
export type { LabelledFeatures } from "./labelled-features.js";
export type { LarsProbeOptions } from "./lars-probe.js";
export { applyLinearClassifier, type LinearClassifier } from "./linear-classifier.js";
export {
  type LbfgsProbeOptions,
  type LinearProbeOptions,
  type LinearProbeResult,
  linearProbe,
} from "./linear-probe.js";
export { type LbfgsOptions, type LbfgsResult, minimizeLbfgs, type Objective } from "./minimize-lbfgs.js";
export { type MultiLabelMetrics, type MultiLabelScores, multiLabelMetrics } from "./multi-label-metrics.js";
export { channelStatisticsFeatures, downsampledPixelFeatures } from "./pixel-features.js";
export {
  addErrors,
  type ErrorSums,
  noErrors,
  type RegressionMetrics,
  regressionMetrics,
} from "./regression-metrics.js";
export {
  countConfusion,
  type MajorityBaseline,
  majorityBaseline,
  type SegmentationMetrics,
  type SegmentClassScores,
  segmentationMetrics,
} from "./segmentation-metrics.js";
export { applyStandardizer, fitStandardizer, type Standardizer } from "./standardizer.js";
