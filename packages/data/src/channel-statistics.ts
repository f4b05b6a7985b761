import { ShapeError } from "@graticule/core";
import { assertChannelCount, type ChannelSchema } from "./channel-schema.js";
import type { Dataset } from "./dataset.js";

/** Statistics of one channel over its finite pixels; `std` is that of the population. All are NaN where count is 0. */
export interface ChannelStatistics {
  readonly count: number;
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

interface Moments {
  count: number;
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
  min: number;
  max: number;
}

/** Collects statistics image by image in float64, in one pass; pixels that are NaN or infinite don't count. */
export interface StatisticsCollector {
  /** Shape: `[C, H, W]`, or any array of C planes of equal size. */
  add(pixels: Float32Array): void;
  /** Takes over what another collector of as many channels has seen. */
  merge(other: StatisticsCollector): void;
  /** The state behind `result`, one entry a channel. */
  readonly moments: readonly Readonly<Moments>[];
  result(): ChannelStatistics[];
}

/** Combines two sets of moments. Source: Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance". */
function mergeMoments(into: Moments, from: Readonly<Moments>): void {
  if (from.count === 0) return;
  const count = into.count + from.count;
  const difference = from.mean - into.mean;
  into.squares += from.squares + (difference * difference * into.count * from.count) / count;
  into.mean += (difference * from.count) / count;
  into.count = count;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
}

const noMoments = (): Moments => ({ count: 0, mean: 0, squares: 0, min: Infinity, max: -Infinity });

/** Two passes over one plane: exact to float64 rounding whatever the mean's size. */
function measurePlane(plane: Float32Array): Moments {
  const moments = noMoments();
  let sum = 0;
  for (const value of plane) {
    if (!Number.isFinite(value)) continue;
    moments.count += 1;
    sum += value;
    if (value < moments.min) moments.min = value;
    if (value > moments.max) moments.max = value;
  }
  if (moments.count === 0) return moments;
  moments.mean = sum / moments.count;
  for (const value of plane) if (Number.isFinite(value)) moments.squares += (value - moments.mean) ** 2;
  return moments;
}

/** Makes an empty collector for images of `channels` channels. */
export function makeStatisticsCollector(channels: number): StatisticsCollector {
  const moments = Array.from({ length: channels }, noMoments);
  function add(pixels: Float32Array): void {
    if (pixels.length % channels !== 0)
      throw new ShapeError("statistics.add", `${channels} planes of equal size`, `${pixels.length} values`);
    const size = pixels.length / channels;
    for (const [channel, total] of moments.entries())
      mergeMoments(total, measurePlane(pixels.subarray(channel * size, (channel + 1) * size)));
  }
  function merge(other: StatisticsCollector): void {
    if (other.moments.length !== channels)
      throw new ShapeError("statistics.merge", `${channels} channels`, `${other.moments.length}`);
    for (const [channel, total] of moments.entries()) mergeMoments(total, other.moments[channel] as Moments);
  }
  function result(): ChannelStatistics[] {
    return moments.map(({ count, mean, squares, min, max }) =>
      count === 0
        ? { count, mean: NaN, std: NaN, min: NaN, max: NaN }
        : { count, mean, std: Math.sqrt(squares / count), min, max },
    );
  }
  return { add, merge, moments, result };
}

/** Writes each channel's measured mean and std into its schema. */
export function withStatistics(schema: ChannelSchema, statistics: readonly ChannelStatistics[]): ChannelSchema {
  assertChannelCount("withStatistics", schema, statistics.length);
  return schema.map((channel, index) => {
    const { mean, std } = statistics[index] as ChannelStatistics;
    return { ...channel, mean, std };
  });
}

/**
 * Measures a dataset's channels by reading its samples once. Unreadable samples are left out.
 *
 * @returns the dataset's schema with mean and std, and the statistics behind them.
 */
export async function measureChannels(
  dataset: Dataset,
  indices: Iterable<number> = Array.from({ length: dataset.length }, (_, index) => index),
): Promise<{ schema: ChannelSchema; statistics: ChannelStatistics[] }> {
  const collector = makeStatisticsCollector(dataset.schema.length);
  for (const index of indices) {
    const sample = await dataset.read(index).catch((error: { code?: string }) => {
      if (error.code !== "GRATICULE_FORMAT") throw error;
    });
    if (sample) collector.add(sample.pixels);
  }
  const statistics = collector.result();
  return { schema: withStatistics(dataset.schema, statistics), statistics };
}
