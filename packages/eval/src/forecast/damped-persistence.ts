import { expectation } from "@graticule/core";
import { assertField } from "./forecast-scores.js";
import { latitudeWeights, type ScoreChannel, type ScoreGrid } from "./score-grid.js";

/** A state and what came of it, each with the climatology of its own time. All `[V, H, W]`. */
export interface AnomalyPair {
  readonly state: Float32Array;
  readonly climatologyAtStart: Float32Array;
  readonly target: Float32Array;
  readonly climatologyAtValid: Float32Array;
}

/** Anomalies persist by a factor of each channel and lead time. */
export interface DampedPersistence {
  /** Factors by lead time, `[V]` each. */
  readonly coefficients: ReadonlyMap<number, Float64Array>;
  /**
   * Climatology at the valid time plus the damped anomaly.
   *
   * Shape: `[V, H, W]`. @throws {RangeError} for a lead time that was not fitted.
   */
  predict(leadTimeHours: number, sample: Omit<AnomalyPair, "target">): Float32Array;
}

export interface DampedPersistenceFit {
  /** Takes in one pair of the training years. @throws {ShapeError} if a field is not `[V, H, W]`. */
  add(leadTimeHours: number, pair: AnomalyPair): void;
  /** The factors that minimize the weighted squared error over all pairs. */
  fit(): DampedPersistence;
}

/**
 * Fits damped persistence: forecast = climatology + ρ · anomaly of the state, with ρ = Σ w a₀ a₁ / Σ w a₀² over the cells
 * and pairs of training years, w = cos(latitude). Missing values (NaN) don't count; ρ is 0 without any pair.
 *
 * Source: Lorenz 1973, "On the existence of extended range predictability", J. Appl. Meteorol. 12 (the AR(1) forecast).
 */
export function makeDampedPersistence(grid: ScoreGrid, channels: readonly ScoreChannel[]): DampedPersistenceFit {
  const weights = latitudeWeights(grid.latitudes, "cosine");
  const columns = grid.longitudes.length;
  const plane = weights.length * columns;
  const sums = new Map<number, { readonly products: Float64Array; readonly squares: Float64Array }>();

  function add(leadTimeHours: number, pair: AnomalyPair): void {
    for (const field of [pair.state, pair.climatologyAtStart, pair.target, pair.climatologyAtValid])
      assertField("makeDampedPersistence", field, channels.length, grid);
    const { state, climatologyAtStart, target, climatologyAtValid } = pair;
    const lead = sums.get(leadTimeHours) ?? {
      products: new Float64Array(channels.length),
      squares: new Float64Array(channels.length),
    };
    sums.set(leadTimeHours, lead);
    for (let channel = 0; channel < channels.length; channel++) {
      let [product, square] = [0, 0];
      for (let cell = channel * plane; cell < (channel + 1) * plane; cell++) {
        const before = (state[cell] as number) - (climatologyAtStart[cell] as number);
        const after = (target[cell] as number) - (climatologyAtValid[cell] as number);
        if (Number.isNaN(before) || Number.isNaN(after)) continue;
        const weight = weights[Math.floor((cell - channel * plane) / columns)] as number;
        product += weight * before * after;
        square += weight * before * before;
      }
      lead.products[channel] = (lead.products[channel] as number) + product;
      lead.squares[channel] = (lead.squares[channel] as number) + square;
    }
  }

  function fit(): DampedPersistence {
    const coefficients = new Map(
      [...sums].map(([lead, { products, squares }]) => [
        lead,
        products.map((product, channel) => (squares[channel] === 0 ? 0 : product / (squares[channel] as number))),
      ]),
    );
    return {
      coefficients,
      predict(leadTimeHours, { state, climatologyAtStart, climatologyAtValid }) {
        const factors = coefficients.get(leadTimeHours);
        if (factors === undefined)
          throw new RangeError(
            expectation(
              "damped persistence",
              `a lead time among ${[...coefficients.keys()].join(", ")} h`,
              `${leadTimeHours}`,
            ),
          );
        return state.map((value, cell) => {
          const factor = factors[Math.floor(cell / plane)] as number;
          return (climatologyAtValid[cell] as number) + factor * (value - (climatologyAtStart[cell] as number));
        });
      },
    };
  }
  return { add, fit };
}
