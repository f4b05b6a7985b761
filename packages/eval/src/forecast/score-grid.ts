import { expectation } from "@graticule/core";

/**
 * Latitude-longitude grid of the fields, rows first.
 *
 * Units: degrees north and east; latitudes rise or fall, longitudes as the file has them.
 */
export interface ScoreGrid {
  readonly latitudes: ArrayLike<number>;
  readonly longitudes: ArrayLike<number>;
}

/** One channel of the fields; a channel of `@graticule/data` fits. */
export interface ScoreChannel {
  readonly name: string;
  readonly unit?: string;
  readonly levelHpa?: number;
}

/** How latitudes are weighted: by their cosine, or by the area of their cells. */
export type WeightKind = "cosine" | "cell-area";

/** What a record says of the weights. */
export const WEIGHT_NAMES: Readonly<Record<WeightKind, string>> = {
  cosine: "cos(latitude), mean 1",
  "cell-area": "cell area, mean 1",
};

const DEGREE = Math.PI / 180;

/** Divides by the mean. */
function withMeanOne(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value / mean);
}

/**
 * Weights of mean 1 for the rows of a grid.
 *
 * `cosine`: cos(latitude) (WeatherBench 1, ClimaX). `cell-area`: sin(upper edge) - sin(lower edge), with edges midway
 * between rows (WeatherBench 2); the outer edges are the poles where one is within a row's step, as on every global
 * grid, and half a step outside the last row elsewhere, where WeatherBench 2 would give that row the rest of the Earth.
 *
 * Shape: H numbers.
 * Source: Rasp et al. 2020, arXiv:2002.00469; Rasp et al. 2024, arXiv:2308.15560 (weatherbench2/metrics.py).
 *
 * @throws {RangeError} if latitudes are not strictly monotone within -90 and 90, or only one is to weigh by area.
 */
export function latitudeWeights(latitudes: ArrayLike<number>, kind: WeightKind): Float64Array {
  const rows = Float64Array.from(latitudes);
  const falling = (rows[1] ?? 90) < (rows[0] ?? 0);
  const rising = falling ? rows.slice().reverse() : rows;
  const bad = rising.findIndex(
    (row, index) => !(Math.abs(row) <= 90) || (index > 0 && row <= (rising[index - 1] as number)),
  );
  if (rows.length < (kind === "cosine" ? 1 : 2) || bad >= 0)
    throw new RangeError(
      expectation(
        "latitudeWeights",
        `${kind === "cosine" ? "one" : "two"} or more latitudes from -90 to 90, all rising or all falling`,
        bad >= 0 ? `${rising[bad]} among them` : `${rows.length}`,
      ),
    );
  if (kind === "cosine") return withMeanOne(rows.map((row) => Math.cos(row * DEGREE)));
  const sines = rowEdges(rising).map((edge) => Math.sin(edge * DEGREE));
  const heights = rising.map((_, row) => (sines[row + 1] as number) - (sines[row] as number));
  return withMeanOne(falling ? heights.reverse() : heights);
}

function rowEdges(rising: Float64Array): Float64Array {
  const count = rising.length;
  const at = (row: number): number => rising[row] as number;
  return Float64Array.from({ length: count + 1 }, (_, edge) => {
    if (edge > 0 && edge < count) return (at(edge - 1) + at(edge)) / 2;
    const [row, pole] = edge === 0 ? [at(0), -90] : [at(count - 1), 90];
    const step = edge === 0 ? at(1) - at(0) : at(count - 1) - at(count - 2);
    return Math.abs(pole - row) < step ? pole : row + (Math.sign(pole) * step) / 2;
  });
}

/** Names a grid in records: `32x64, 87.1875…-87.1875 N, 0…354.375 E`. */
export function describeGrid({ latitudes, longitudes }: ScoreGrid): string {
  const round = (degrees: number | undefined): number => Number((degrees as number).toFixed(4));
  const ends = (values: ArrayLike<number>): string => `${round(values[0])}…${round(values[values.length - 1])}`;
  return `${latitudes.length}x${longitudes.length}, ${ends(latitudes)} N, ${ends(longitudes)} E`;
}
