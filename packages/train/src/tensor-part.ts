/** A run of values that lie side by side both in a whole tensor and in a part of it. */
interface Run {
  /** First value in the whole tensor, row-major, and in the part. */
  readonly whole: number;
  readonly own: number;
  readonly length: number;
}

/** Which values of a tensor a process holds. */
export interface TensorPart {
  /** Of the whole tensor. */
  readonly shape: readonly number[];
  /** Runs of indices along one dim, as layers are cut; all of the tensor if absent. */
  readonly slice?: { readonly dim: number; readonly ranges: readonly (readonly [first: number, end: number])[] };
  /** Of these, row-major: the first that it holds, and how many. */
  readonly start: number;
  readonly length: number;
}

const product = (lengths: readonly number[]): number => lengths.reduce((total, length) => total * length, 1);

/** Whether a part is the whole tensor. */
export function isWhole({ shape, slice, start, length }: TensorPart): boolean {
  return slice === undefined && start === 0 && length === product(shape);
}

/** The part that is a whole tensor. */
export function wholePart(shape: readonly number[]): TensorPart {
  return { shape, start: 0, length: product(shape) };
}

/** The runs of a part, in rising order. */
function* runsOf({ shape, slice, start, length }: TensorPart): Generator<Run> {
  if (!slice) {
    if (length > 0) yield { whole: start, own: 0, length };
    return;
  }
  const inner = product(shape.slice(slice.dim + 1));
  const row = (shape[slice.dim] as number) * inner;
  const outer = product(shape.slice(0, slice.dim));
  let at = 0;
  for (let index = 0; index < outer; index++)
    for (const [first, end] of slice.ranges) {
      const count = (end - first) * inner;
      const [from, to] = [Math.max(start, at), Math.min(start + length, at + count)];
      if (to > from) yield { whole: index * row + first * inner + from - at, own: from - start, length: to - from };
      at += count;
    }
}

/** Values that two parts of one tensor share: where they lie in each. */
export function* sharedRuns(
  a: TensorPart,
  b: TensorPart,
): Generator<{ readonly inA: number; readonly inB: number; readonly length: number }> {
  const others = runsOf(b);
  let other = others.next();
  for (const run of runsOf(a)) {
    const end = run.whole + run.length;
    while (!other.done) {
      const from = Math.max(run.whole, other.value.whole);
      const to = Math.min(end, other.value.whole + other.value.length);
      if (to > from)
        yield { inA: run.own + from - run.whole, inB: other.value.own + from - other.value.whole, length: to - from };
      if (other.value.whole + other.value.length > end) break;
      other = others.next();
    }
  }
}
