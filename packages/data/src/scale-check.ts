import type { Logger } from "@graticule/core";
import type { Batch, BatchRecipe } from "./batch.js";
import type { Channel } from "./channel-schema.js";

/** Mean and std of one channel. */
interface Scale {
  readonly mean: number;
  readonly std: number;
}

/**
 * How far a batch's mean may lie from the stored one, in stored deviations. One scene or day lies a few off; a wrong
 * unit many: degrees Celsius beside kelvin are 13 for a temperature whose std is 21 K.
 */
const LARGEST_MEAN = 10;
/** Bounds of a batch's std ÷ the stored one: a scene of water alone has a tenth, a wrong unit 1/100 or 100. */
const STD_BOUNDS = [1 / 50, 10] as const;
const NAMED_CHANNELS = 8;

/**
 * Makes the check of a loader's first batch: whether its pixels, once normalized, have a mean near 0 and a std near 1.
 * If they are off by an order of magnitude the logger is warned, with measured and stored values and the likely cause.
 * It looks at nothing where `normalize` is not the last transform.
 */
export function makeScaleCheck(
  { transforms, schema }: Pick<BatchRecipe, "transforms" | "schema">,
  logger: Logger,
): (batch: Pick<Batch, "images" | "shape">) => void {
  let done = transforms.at(-1)?.kind !== "normalize";
  return (batch) => {
    if (done || batch.shape[0] === 0) return;
    done = true;
    const warnings = schema.flatMap((channel, index) => describeMisfit(channel, measureChannel(batch, index)));
    for (const warning of warnings.slice(0, NAMED_CHANNELS)) logger.warn(warning);
    if (warnings.length > NAMED_CHANNELS)
      logger.warn(`statistics: ${warnings.length - NAMED_CHANNELS} more channels don't fit their statistics.`);
  };
}

/** Mean and std of a channel's normalized pixels; zeros stand for missing ones and don't count. */
function measureChannel(
  { images, shape: [samples, channels, height, width] }: Pick<Batch, "images" | "shape">,
  channel: number,
): Scale {
  const plane = height * width;
  let [count, sum, squares] = [0, 0, 0];
  for (let sample = 0; sample < samples; sample++) {
    const from = (sample * channels + channel) * plane;
    for (let position = from; position < from + plane; position++) {
      const value = images[position] as number;
      if (value === 0 || !Number.isFinite(value)) continue;
      count += 1;
      sum += value;
      squares += value * value;
    }
  }
  const mean = count === 0 ? 0 : sum / count;
  return { mean, std: count === 0 ? 1 : Math.sqrt(Math.max(0, squares / count - mean * mean)) };
}

function describeMisfit({ name, unit, mean = 0, std = 1 }: Channel, normalized: Scale): string[] {
  const [least, most] = STD_BOUNDS;
  // A batch of one value has no spread; only its mean can tell.
  const isSpreadRight = normalized.std === 0 || (normalized.std >= least && normalized.std <= most);
  if (Math.abs(normalized.mean) <= LARGEST_MEAN && isSpreadRight) return [];
  const stored = { mean, std };
  const measured = { mean: normalized.mean * std + mean, std: normalized.std * std };
  return [
    `statistics: expected channel '${name}'${unit ? ` (${unit})` : ""} to have a mean near ${text(mean)} and a std near ${text(std)} as stored, ` +
      `got mean ${text(measured.mean)} and std ${text(measured.std)} in the first batch. ${likelyCause(stored, measured)} ` +
      "Bring the data to the unit of the statistics, or measure the statistics anew.",
  ];
}

const text = (value: number): string => String(Number(value.toPrecision(4)));

/** Factors between units that are mixed up, data ÷ statistics; each may stand the other way round. */
const FACTORS: readonly (readonly [factor: number, large: string, small: string])[] = [
  [9.80665, "geopotential (m²/s²)", "geopotential height (m)"],
  [100, "Pa, or percent", "hPa, or fractions"],
  [1000, "g/kg, or mm", "kg/kg, or m"],
  [10_000, "digital numbers", "reflectance (scale 1e-4)"],
];
const KELVIN = 273.15;

function likelyCause(stored: Scale, measured: Scale): string {
  const offset = measured.mean - stored.mean;
  if (Math.abs(Math.abs(offset) - KELVIN) < 50 && isNear(measured.std, stored.std)) {
    const units = ["K", "°C"];
    const [data, statistics] = offset > 0 ? units : units.reverse();
    return `Likely cause: data in ${data}, statistics in ${statistics}.`;
  }
  for (const [factor, large, small] of FACTORS) {
    if (isFactor(factor, stored, measured))
      return `Likely cause: data in ${large}, statistics in ${small} (a factor of ${factor}).`;
    if (isFactor(1 / factor, stored, measured))
      return `Likely cause: data in ${small}, statistics in ${large} (a factor of 1/${factor}).`;
  }
  return "Likely cause: another unit or scale, or statistics of another dataset.";
}

/** Data may differ from the statistics' own by a factor of 3 in spread and, where the mean is far from 0, in mean. */
function isFactor(factor: number, stored: Scale, measured: Scale): boolean {
  const meanCounts = Math.abs(stored.mean) > stored.std;
  return isNear(measured.std, factor * stored.std) && (!meanCounts || isNear(measured.mean, factor * stored.mean));
}

const isNear = (value: number, reference: number): boolean => value / reference > 1 / 3 && value / reference < 3;
