import type { RegridWeights } from "./regrid-weights.js";

/**
 * The rows of a weight matrix as runs of consecutive columns of equal weight, which need neither weight nor column for
 * each value: that is how many source cells fall on a target cell.
 */
export interface EqualRuns {
  /** First run of each target, and their end. */
  readonly runStarts: Int32Array;
  /** First column of each run. */
  readonly columns: Int32Array;
  readonly lengths: Int32Array;
  readonly weights: Float64Array;
}

/** Runs shorter than this on average cost more than single weights do. */
const LEAST_MEAN_LENGTH = 3;
/** Relative difference of weights that are equal but for rounding. */
const ROUNDING = 1e-14;

const made = new WeakMap<RegridWeights, EqualRuns | null>();

/** The runs of a matrix, made at first use; `null` where they are too short to pay. */
export function equalRuns(weights: RegridWeights): EqualRuns | null {
  let runs = made.get(weights);
  if (runs === undefined) {
    runs = makeEqualRuns(weights);
    made.set(weights, runs);
  }
  return runs;
}

function makeEqualRuns({ rowStarts, columns, values }: RegridWeights): EqualRuns | null {
  const most = values.length / LEAST_MEAN_LENGTH;
  const targets = rowStarts.length - 1;
  const runStarts = new Int32Array(targets + 1);
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let target = 0; target < targets; target += 1) {
    const end = rowStarts[target + 1] as number;
    for (let index = rowStarts[target] as number; index < end; ) {
      const first = columns[index] as number;
      const weight = values[index] as number;
      let next = index + 1;
      while (
        next < end &&
        columns[next] === first + next - index &&
        Math.abs((values[next] as number) - weight) <= ROUNDING * weight
      )
        next += 1;
      starts.push(index);
      lengths.push(next - index);
      index = next;
    }
    if (starts.length > most) return null;
    runStarts[target + 1] = starts.length;
  }
  return {
    runStarts,
    columns: Int32Array.from(starts, (start) => columns[start] as number),
    lengths: Int32Array.from(lengths),
    weights: Float64Array.from(starts, (start) => values[start] as number),
  };
}
