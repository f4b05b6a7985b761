/** A part of a tensor: runs of indices along one dim, one behind the other. */
export interface ParameterSlice {
  readonly dim: number;
  /** First index of each run and the one behind its last. */
  readonly ranges: readonly (readonly [first: number, end: number])[];
}

/** @throws {RangeError} if the shape has no such dim, or the runs are empty, overlap or end outside. */
export function shapeOfSlice(shape: readonly number[], { dim, ranges }: ParameterSlice): number[] {
  const length = shape[dim];
  let end = 0;
  let count = 0;
  const areRuns = ranges.every(([first, last]) => {
    const isRun = Number.isInteger(first) && Number.isInteger(last) && first >= end && last > first;
    end = last;
    count += last - first;
    return isRun;
  });
  if (length === undefined || count === 0 || !areRuns || end > length) {
    const runs = ranges.map(([first, last]) => `${first} to ${last}`).join(", ");
    throw new RangeError(
      `Parameter.keepSlice: expected rising runs inside a dim of [${shape}], got dim ${dim} and ${runs || "no run"}.`,
    );
  }
  return shape.map((each, axis) => (axis === dim ? count : each));
}

/** Copies a slice's values out of the row-major values of the whole tensor. */
export function sliceValues(
  values: Float32Array,
  shape: readonly number[],
  { dim, ranges }: ParameterSlice,
): Float32Array {
  const inner = shape.slice(dim + 1).reduce((product, each) => product * each, 1);
  const row = (shape[dim] as number) * inner;
  const kept = ranges.reduce((sum, [first, end]) => sum + (end - first), 0) * inner;
  const outer = values.length / row;
  const part = new Float32Array(outer * kept);
  let place = 0;
  for (let index = 0; index < outer; index++)
    for (const [first, end] of ranges) {
      const run = values.subarray(index * row + first * inner, index * row + end * inner);
      part.set(run, place);
      place += run.length;
    }
  return part;
}
