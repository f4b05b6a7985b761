import type { WeightKind } from "./score-grid.js";

/** Whose definitions the scores follow. */
export type ProtocolName = "weatherbench1" | "weatherbench2" | "climax";

/** Scores of deterministic forecasts. */
export type MetricName = "rmse" | "mse" | "acc" | "bias" | "mae";

export const METRICS: readonly MetricName[] = ["rmse", "mse", "acc", "bias", "mae"];

/** What sets the definitions of two benchmarks apart. */
export interface Protocol {
  readonly weights: WeightKind;
  /** Whether the square root is taken once, after the mean over time, or of each sample before it. */
  readonly root: "after-time-mean" | "before-time-mean";
  /**
   * Anomaly correlation: over all samples at once with the unweighted means of both anomalies removed, or for each sample
   * without removing any and then averaged.
   */
  readonly acc: "pooled-means-removed" | "each-sample";
  /** The climatology that `acc` asks for. */
  readonly climatology: string;
}

/**
 * The three definitions in use, side by side.
 *
 * ClimaX computes its correlation batch by batch; here the batch is the whole set, which makes it WeatherBench 1's.
 * WeatherBench 1 and ClimaX define no bias or MAE by region: these take the protocol's weights.
 *
 * Source: WeatherBench 1: pangeo-data/WeatherBench, src/score.py, arXiv:2002.00469. WeatherBench 2:
 * google-research/weatherbench2, weatherbench2/metrics.py, arXiv:2308.15560. ClimaX: microsoft/ClimaX,
 * arXiv:2301.10343.
 */
export const protocols: Readonly<Record<ProtocolName, Protocol>> = {
  weatherbench1: {
    weights: "cosine",
    root: "after-time-mean",
    acc: "pooled-means-removed",
    climatology: "time mean of the truth that is scored",
  },
  weatherbench2: {
    weights: "cell-area",
    root: "after-time-mean",
    acc: "each-sample",
    climatology: "by day of the year and hour of the day",
  },
  climax: {
    weights: "cosine",
    root: "before-time-mean",
    acc: "pooled-means-removed",
    climatology: "time mean of the split that is scored",
  },
};

/** Says in words how a protocol computes a metric, for tables and captions. */
export function describeMetric(name: ProtocolName, metric: MetricName): string {
  const { weights, root, acc, climatology } = protocols[name];
  const weighted = weights === "cosine" ? "cos-latitude weights" : "cell-area weights";
  if (metric === "rmse")
    return root === "after-time-mean"
      ? `square root of the ${weighted.replace(" weights", "")} weighted squared error, averaged over space and time`
      : `mean over samples of the square root of the ${weighted.replace(" weights", "")} weighted squared error`;
  if (metric === "acc")
    return acc === "each-sample"
      ? `correlation of anomalies against the climatology ${climatology}, for each time, then averaged; ${weighted}`
      : `correlation over all times and cells of anomalies against the ${climatology}, unweighted means removed; ${weighted}`;
  const what = { mse: "mean squared error", bias: "mean of forecast minus truth", mae: "mean absolute error" }[metric];
  return `${what}; ${weighted}`;
}
