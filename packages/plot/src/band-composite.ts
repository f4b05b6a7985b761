import { ShapeError } from "@graticule/core";

/** Channel numbers shown as red, green and blue; one channel three times gives grey. */
export type Bands = readonly [red: number, green: number, blue: number];

/** For red, green and blue: the values shown as black and as full colour. */
export type Stretch = readonly [readonly [number, number], readonly [number, number], readonly [number, number]];

/** Shown where a pixel has no value: masked or nodata. */
const NO_VALUE_GREY = 128;

function checkComposite(
  where: string,
  pixels: Float32Array,
  [channels, height, width]: readonly [number, number, number],
  bands: Bands,
): void {
  if (pixels.length !== channels * height * width || pixels.length === 0)
    throw new ShapeError(
      where,
      `pixels [${channels}, ${height}, ${width}]`,
      `${pixels.length} values`,
      "Pass the shape that the pixels were read with.",
    );
  const bad = bands.find((band) => !(Number.isInteger(band) && band >= 0 && band < channels));
  if (bad !== undefined)
    throw new RangeError(
      `${where}: expected bands from 0 to ${channels - 1}, got [${bands.join(", ")}]. Bands are counted from 0.`,
    );
}

/** Percentile of rising values, linear between neighbours. */
function percentileOf(sorted: Float32Array, percent: number): number {
  const position = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * Finds the stretch that gives most of an image its full contrast: two percentiles of each shown band. Pixels
 * without a value (NaN) don't count; a band with no value at all gets [0, 1].
 *
 * Shape: `pixels [C, H, W]`.
 *
 * @throws {ShapeError} if the pixels don't have the shape.
 * @throws {RangeError} if a band is not a channel, or the percentiles are not 0 <= low < high <= 100.
 */
export function percentileStretch(
  pixels: Float32Array,
  shape: readonly [number, number, number],
  bands: Bands,
  [low, high]: readonly [number, number] = [2, 98],
): Stretch {
  checkComposite("percentileStretch", pixels, shape, bands);
  if (!(low >= 0 && low < high && high <= 100))
    throw new RangeError(
      `percentileStretch: expected percentiles 0 <= low < high <= 100, got [${low}, ${high}]. Use [2, 98].`,
    );
  const size = shape[1] * shape[2];
  const [red, green, blue] = bands.map((band): readonly [number, number] => {
    const sorted = pixels
      .slice(band * size, (band + 1) * size)
      .filter(Number.isFinite)
      .sort();
    return sorted.length === 0 ? [0, 1] : [percentileOf(sorted, low), percentileOf(sorted, high)];
  }) as [readonly [number, number], readonly [number, number], readonly [number, number]];
  return [red, green, blue];
}

/**
 * Shows three channels of an image as red, green and blue; pixels without a value (NaN) become grey.
 *
 * Shape: `pixels [C, H, W] → bytes [H, W, 3]`.
 *
 * @throws {ShapeError} if the pixels don't have the shape.
 * @throws {RangeError} if a band is not a channel.
 */
export function bandComposite(
  pixels: Float32Array,
  shape: readonly [number, number, number],
  bands: Bands,
  stretch: Stretch,
): Uint8Array {
  checkComposite("bandComposite", pixels, shape, bands);
  const size = shape[1] * shape[2];
  const rgb = new Uint8Array(size * 3);
  for (let pixel = 0; pixel < size; pixel++)
    for (let color = 0; color < 3; color++) {
      const [low, high] = stretch[color] as readonly [number, number];
      const value = pixels[(bands[color] as number) * size + pixel] as number;
      const share = high > low ? (value - low) / (high - low) : value > low ? 1 : 0;
      rgb[pixel * 3 + color] = Number.isNaN(value) ? NO_VALUE_GREY : Math.round(255 * Math.min(1, Math.max(0, share)));
    }
  return rgb;
}
