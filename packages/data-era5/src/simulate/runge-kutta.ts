/**
 * Makes a function that replaces a state by the one `seconds` later, by the classical method of fourth order.
 *
 * Source: Butcher 2016, "Numerical Methods for Ordinary Differential Equations".
 */
export function makeRungeKutta4(
  size: number,
  tendency: (state: Float64Array, into: Float64Array) => Float64Array,
): (state: Float64Array, seconds: number) => void {
  const [slope, between, sum] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  return (state, seconds) => {
    sum.set(state);
    between.set(state);
    for (const [weight, reach] of STAGES) {
      tendency(between, slope);
      for (let at = 0; at < size; at += 1) {
        (sum[at] as number) += seconds * weight * (slope[at] as number);
        between[at] = (state[at] as number) + seconds * reach * (slope[at] as number);
      }
    }
    state.set(sum);
  };
}

/** Each slope's weight, and how far along it the next one is taken; the last has none. */
const STAGES = [
  [1 / 6, 1 / 2],
  [1 / 3, 1 / 2],
  [1 / 3, 1],
  [1 / 6, 0],
] as const;
