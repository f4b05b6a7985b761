import { ConfigError } from "@graticule/core";
import type { ChannelScale } from "../store/store-statistics.js";

/** Scales of channels, checked to be usable. @throws {ConfigError} naming a channel that is constant. */
export function assertScales(scales: readonly ChannelScale[]): void {
  for (const { name, mean, std } of scales)
    if (!(std > 0 && Number.isFinite(mean)))
      throw new ConfigError(
        `forecast samples: expected channel '${name}' to vary over the training split, got mean ${mean} and std ${std}. Leave it out, or make it static.`,
      );
}

/** Normalizes planes in place; missing values become 0, the mean. Shape: `[scales, plane]`. */
export function normalizePlanes(values: Float32Array, scales: readonly ChannelScale[], plane: number): void {
  for (const [channel, { mean, std }] of scales.entries()) {
    const factor = 1 / std;
    for (let position = channel * plane; position < (channel + 1) * plane; position++) {
      const value = ((values[position] as number) - mean) * factor;
      values[position] = Number.isNaN(value) ? 0 : value;
    }
  }
}

/** 1 where a value is known, 0 where it is missing. */
export function maskOf(values: Float32Array): Float32Array {
  const mask = new Float32Array(values.length);
  for (let position = 0; position < values.length; position++) mask[position] = Number.isNaN(values[position]) ? 0 : 1;
  return mask;
}
