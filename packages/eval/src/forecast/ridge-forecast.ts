import { expectation } from "@graticule/core";
import { assertField } from "./forecast-scores.js";
import { makeMeanField } from "./mean-field.js";
import { latitudeWeights, type ScoreChannel, type ScoreGrid } from "./score-grid.js";
import { solveSpd } from "./solve-spd.js";

export interface RidgeForecastOptions {
  readonly grid: ScoreGrid;
  readonly channels: readonly ScoreChannel[];
  /** States of the training years in order of time, `[V, H, W]` each. */
  readonly states: readonly Float32Array[];
  /** What each became after the lead time, `[V, H, W]` each. */
  readonly targets: readonly Float32Array[];
}

/** A linear forecast of one lead time. */
export interface RidgeForecast {
  /** The penalty that was chosen, as a share of the mean squared length of a state. */
  readonly ridge: number;
  /** Shape: `[V, H, W] → [V, H, W]`. */
  predict(state: Float32Array): Float32Array;
}

/** Penalties to choose among. */
const RIDGES = [0.001, 0.01, 0.1, 1, 10, 100];
/** Share of the training pairs, the last in time, that judges the penalties. */
const JUDGED_SHARE = 0.2;

/**
 * Fits the linear regression from all cells and channels of a state to all of its future: ridge regression on anomalies
 * from the training mean, each channel of unit variance, rows weighted by sqrt(cos(latitude)). It is solved in its dual
 * form, by the products of n states, so that n decides the cost: n²·(V·H·W) + n³/3; take every k-th pair of long
 * records, some 2,000 at most. The penalty is the best on the last fifth of the pairs, after which all are fitted.
 *
 * Source: Saunders, Gammerman & Vovk 1998 (dual ridge regression); the baseline of Rasp et al. 2020, arXiv:2002.00469.
 *
 * @throws {RangeError} if there are fewer than ten pairs, or a value is missing.
 * @throws {ShapeError} if a field is not `[V, H, W]`.
 */
export function fitRidgeForecast({ grid, channels, states, targets }: RidgeForecastOptions): RidgeForecast {
  if (states.length < 10 || states.length !== targets.length)
    throw new RangeError(
      expectation(
        "fitRidgeForecast",
        "ten or more states with one target each",
        `${states.length} states, ${targets.length} targets`,
      ),
    );
  for (const field of [...states, ...targets]) assertField("fitRidgeForecast", field, channels.length, grid);
  const inputs = makeScaling(grid, channels.length, states);
  const outputs = makeScaling(grid, channels.length, targets);
  const x = states.map(inputs.apply);
  const y = targets.map(outputs.apply);
  const products = x.map((a, row) => x.slice(0, row + 1).map((b) => dot(a, b)));
  const product = (a: number, b: number): number => products[Math.max(a, b)]?.[Math.min(a, b)] as number;
  const meanLength = x.reduce((sum, _, at) => sum + product(at, at), 0) / x.length;
  if (!Number.isFinite(meanLength) || !y.every((field) => field.every(Number.isFinite)))
    throw new RangeError(
      expectation("fitRidgeForecast", "fields without missing values", "NaN", "Fill them, or leave the channel out."),
    );

  const numFitted = x.length - Math.max(1, Math.floor(x.length * JUDGED_SHARE));
  const fitted = y.slice(0, numFitted);
  const errors = RIDGES.map((ridge) => {
    const judged = x.length - numFitted;
    const right = Float64Array.from({ length: numFitted * judged }, (_, at) =>
      product(numFitted + (at % judged), Math.floor(at / judged)),
    );
    const shares = solveSpd(penalized(product, numFitted, ridge * meanLength), right, numFitted); // [n, judged]
    let error = 0;
    for (let at = 0; at < judged; at++) {
      const guess = combine(
        fitted,
        fitted.map((_, row) => shares[row * judged + at] as number),
      );
      const truth = y[numFitted + at] as Float32Array;
      guess.forEach((value, cell) => {
        error += (value - (truth[cell] as number)) ** 2;
      });
    }
    return error;
  });
  const ridge = RIDGES[errors.indexOf(Math.min(...errors))] as number;
  const n = x.length;
  const identity = Float64Array.from({ length: n * n }, (_, at) => (Math.floor(at / n) === at % n ? 1 : 0));
  const inverse = solveSpd(penalized(product, n, ridge * meanLength), identity, n);
  return {
    ridge,
    predict(state) {
      assertField("ridge forecast", state, channels.length, grid);
      const scaled = inputs.apply(state);
      const likeness = x.map((row) => dot(row, scaled));
      const shares = x.map((_, row) =>
        likeness.reduce((sum, value, column) => sum + value * (inverse[row * n + column] as number), 0),
      );
      return outputs.invert(combine(y, shares));
    },
  };
}

/** K + λI of the first n states. Shape: `[n, n]`. */
function penalized(product: (a: number, b: number) => number, n: number, penalty: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    return product(row, column) + (row === column ? penalty : 0);
  });
}

/** Σ factor · row. */
function combine(rows: readonly Float32Array[], factors: readonly number[]): Float64Array {
  const sum = new Float64Array((rows[0] as Float32Array).length);
  rows.forEach((row, at) => {
    const factor = factors[at] as number;
    for (let cell = 0; cell < sum.length; cell++) sum[cell] = (sum[cell] as number) + factor * (row[cell] as number);
  });
  return sum;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let cell = 0; cell < a.length; cell++) sum += (a[cell] as number) * (b[cell] as number);
  return sum;
}

/** Anomalies from the mean, of unit variance for each channel, times sqrt(weight of the row); and back. */
function makeScaling(grid: ScoreGrid, numChannels: number, fields: readonly Float32Array[]) {
  const roots = latitudeWeights(grid.latitudes, "cosine").map(Math.sqrt);
  const size = (fields[0] as Float32Array).length;
  const [plane, columns] = [size / numChannels, grid.longitudes.length];
  const collector = makeMeanField(size);
  for (const field of fields) collector.add(field);
  const mean = collector.mean();
  const squares = new Float64Array(numChannels);
  for (const field of fields)
    for (let cell = 0; cell < size; cell++) {
      const channel = Math.floor(cell / plane);
      squares[channel] = (squares[channel] as number) + ((field[cell] as number) - (mean[cell] as number)) ** 2;
    }
  // A channel that never changes has no anomalies to scale.
  const scales = squares.map((square) => Math.sqrt(square / (fields.length * plane)) || 1);
  const factors = Float64Array.from({ length: size }, (_, cell) => {
    const row = Math.floor((cell % plane) / columns);
    return (roots[row] as number) / (scales[Math.floor(cell / plane)] as number);
  });
  return {
    apply: (field: Float32Array): Float32Array =>
      field.map((value, cell) => (value - (mean[cell] as number)) * (factors[cell] as number)),
    invert: (scaled: Float64Array): Float32Array =>
      Float32Array.from(scaled, (value, cell) => (mean[cell] as number) + value / (factors[cell] as number)),
  };
}
