import type { RegridWeights } from "./regrid-weights.js";

/**
 * The rows of a weight matrix as runs of consecutive columns, which need no column for each weight: twice as fast to
 * apply where many source points fall on a target.
 */
export interface ColumnRuns {
  /** First run of each target, and their end. */
  readonly runStarts: Int32Array;
  /** First column of each run. */
  readonly columns: Int32Array;
  readonly lengths: Int32Array;
}

const made = new WeakMap<RegridWeights, ColumnRuns>();

/** The runs of a matrix, made at first use. */
export function columnRuns(weights: RegridWeights): ColumnRuns {
  const before = made.get(weights);
  if (before) return before;
  const { rowStarts, columns } = weights;
  const targets = rowStarts.length - 1;
  const runStarts = new Int32Array(targets + 1);
  const firsts: number[] = [];
  const lengths: number[] = [];
  for (let target = 0; target < targets; target += 1) {
    const [start, end] = [rowStarts[target] as number, rowStarts[target + 1] as number];
    for (let index = start; index < end; ) {
      const first = columns[index] as number;
      let next = index + 1;
      while (next < end && columns[next] === first + next - index) next += 1;
      firsts.push(first);
      lengths.push(next - index);
      index = next;
    }
    runStarts[target + 1] = firsts.length;
  }
  const runs = { runStarts, columns: Int32Array.from(firsts), lengths: Int32Array.from(lengths) };
  made.set(weights, runs);
  return runs;
}
