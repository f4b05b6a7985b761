import { expectation } from "@graticule/core";
import { combineRows, dotProducts } from "./field-sums.js";
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
  const product = productsOf(x);
  const meanLength = x.reduce((sum, _, at) => sum + product(at, at), 0) / x.length;
  if (!Number.isFinite(meanLength) || !y.every((field) => field.every(Number.isFinite)))
    throw new RangeError(
      expectation("fitRidgeForecast", "fields without missing values", "NaN", "Fill them, or leave the channel out."),
    );

  const ofTargets = productsOf(y);
  const numFitted = x.length - Math.max(1, Math.floor(x.length * JUDGED_SHARE));
  const judged = x.length - numFitted;
  const right = Float64Array.from({ length: numFitted * judged }, (_, at) =>
    product(numFitted + (at % judged), Math.floor(at / judged)),
  );
  const errors = RIDGES.map((ridge) => {
    const shares = solveSpd(penalized(product, numFitted, ridge * meanLength), right, numFitted); // [n, judged]
    let error = 0;
    for (let at = 0; at < judged; at++) {
      const factors = Float64Array.from({ length: numFitted }, (_, row) => shares[row * judged + at] as number);
      error += squaredDistance(ofTargets, factors, numFitted + at);
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
      const likeness = dotProducts(x, scaled);
      const shares = x.map((_, row) => dot(inverse.subarray(row * n, (row + 1) * n), likeness));
      return outputs.invert(combineRows(y, shares));
    },
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

/** The product of fields a and b, by their places. */
type Products = (a: number, b: number) => number;

function productsOf(fields: readonly Float32Array[]): Products {
  const rows = fields.map((field, at) => dotProducts(fields, field, at + 1));
  return (a, b) => rows[Math.max(a, b)]?.[Math.min(a, b)] as number;
}

/** |Σ factor · field − the field at `place`|², where the factors are of the first fields. */
function squaredDistance(product: Products, factors: Float64Array, place: number): number {
  let sum = product(place, place);
  for (let a = 0; a < factors.length; a++) {
    let along = -2 * product(a, place) + (factors[a] as number) * product(a, a);
    for (let b = 0; b < a; b++) along += 2 * (factors[b] as number) * product(a, b);
    sum += (factors[a] as number) * along;
  }
  return sum;
}

/** K + λI of the first n states. Shape: `[n, n]`. */
function penalized(product: Products, n: number, penalty: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    return product(row, column) + (row === column ? penalty : 0);
  });
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
