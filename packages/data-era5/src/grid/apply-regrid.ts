import { expectation, ShapeError } from "@graticule/core";
import { type EqualRuns, equalRuns } from "./equal-runs.js";
import type { RegridWeights } from "./regrid-weights.js";

/** What becomes of missing values, which are NaN. */
export interface ApplyRegridOptions {
  /**
   * Share of a target's weight that may fall on missing source values, 0 … 1; the others are scaled up to sum to 1. At
   * 0, the default, one missing value makes the target missing; at 1 a single value is enough. xESMF's `na_thres`.
   */
  readonly maxMissing?: number;
}

/**
 * Regrids fields.
 *
 * Shape: `fields` `[N, H, W]` of the source, result `[N, H', W']` of the target, of the same type, or into `out`.
 * Units: unchanged. A target that the source does not reach is NaN.
 *
 * @throws {ShapeError} if `fields` is not a whole number of source fields, or `out` does not fit.
 * @throws {RangeError} if `maxMissing` is not within 0 … 1.
 */
export function applyRegrid<T extends Float32Array | Float64Array>(
  weights: RegridWeights,
  fields: T,
  { maxMissing = 0, out }: ApplyRegridOptions & { readonly out?: T } = {},
): T {
  const source = weights.sourceShape[0] * weights.sourceShape[1];
  const target = weights.targetShape[0] * weights.targetShape[1];
  const count = fields.length / source;
  if (!Number.isInteger(count))
    throw new ShapeError("applyRegrid", `fields of ${weights.sourceShape.join(" x ")}`, `${fields.length} values`);
  if (!(maxMissing >= 0 && maxMissing <= 1))
    throw new RangeError(expectation("applyRegrid", "maxMissing from 0 to 1", `${maxMissing}`));
  const result = out ?? new (fields.constructor as new (length: number) => T)(count * target);
  if (result.length !== count * target)
    throw new ShapeError(
      "applyRegrid",
      `out of ${count} x ${weights.targetShape.join(" x ")}`,
      `${result.length} values`,
    );
  const runs = equalRuns(weights);
  const input = (index: number): Values => fields.subarray(index * source, (index + 1) * source);
  const output = (index: number): Values => result.subarray(index * target, (index + 1) * target);
  const four = (part: (index: number) => Values, first: number): FourArrays => [
    part(first),
    part(first + 1),
    part(first + 2),
    part(first + 3),
  ];
  let index = 0;
  if (!runs) for (; index + 4 <= count; index += 4) applyToFour(weights, four(input, index), four(output, index));
  for (; index < count; index += 1)
    if (runs) applyRuns(runs, input(index), output(index));
    else applyToOne(weights, input(index), output(index));
  if (maxMissing > 0) fillFromValid(weights, fields, result, maxMissing);
  return result;
}

type Values = Float32Array | Float64Array;

/** Four fields for each pass over the weights: reading weights and columns costs more than the products. */
function applyToFour({ rowStarts, columns, values }: RegridWeights, fields: FourArrays, out: FourArrays): void {
  const [one, two, three, four] = fields;
  const [outOne, outTwo, outThree, outFour] = out;
  let index = 0;
  for (let target = 0; target < outOne.length; target += 1) {
    const end = rowStarts[target + 1] as number;
    let a = index === end ? NaN : 0;
    let b = a;
    let c = a;
    let d = a;
    for (; index < end; index += 1) {
      const column = columns[index] as number;
      const weight = values[index] as number;
      a += weight * (one[column] as number);
      b += weight * (two[column] as number);
      c += weight * (three[column] as number);
      d += weight * (four[column] as number);
    }
    outOne[target] = a;
    outTwo[target] = b;
    outThree[target] = c;
    outFour[target] = d;
  }
}

type FourArrays = readonly [Values, Values, Values, Values];

function applyToOne({ rowStarts, columns, values }: RegridWeights, field: Values, out: Values): void {
  let index = 0;
  for (let target = 0; target < out.length; target += 1) {
    const end = rowStarts[target + 1] as number;
    let sum = index === end ? NaN : 0;
    for (; index < end; index += 1) sum += (values[index] as number) * (field[columns[index] as number] as number);
    out[target] = sum;
  }
}

/** Sums of each run, times its weight; four sums at once, since an addition takes as long as four that do not wait. */
function applyRuns({ runStarts, columns, lengths, weights }: EqualRuns, field: Values, out: Values): void {
  let run = 0;
  for (let target = 0; target < out.length; target += 1) {
    const end = runStarts[target + 1] as number;
    let sum = run === end ? NaN : 0;
    for (; run < end; run += 1) {
      let column = columns[run] as number;
      const last = column + (lengths[run] as number);
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (; column + 3 < last; column += 4) {
        a += field[column] as number;
        b += field[column + 1] as number;
        c += field[column + 2] as number;
        d += field[column + 3] as number;
      }
      for (; column < last; column += 1) a += field[column] as number;
      sum += (weights[run] as number) * (a + b + (c + d));
    }
    out[target] = sum;
  }
}

/** Weights below this are no value to scale up. Source: xESMF, `_regrid`. */
const LEAST_VALID = 1e-6;

/** A missing source value has made its targets NaN; makes them again from what is there. */
function fillFromValid<T extends Float32Array | Float64Array>(
  { rowStarts, columns, values, sourceShape }: RegridWeights,
  fields: T,
  out: T,
  maxMissing: number,
): void {
  const source = sourceShape[0] * sourceShape[1];
  const targets = rowStarts.length - 1;
  const leastValid = Math.max(LEAST_VALID, Math.min(1 - LEAST_VALID, 1 - maxMissing));
  for (let at = 0; at < out.length; at += 1) {
    if (!Number.isNaN(out[at])) continue;
    const target = at % targets;
    const first = Math.floor(at / targets) * source;
    let [sum, valid] = [0, 0];
    for (let index = rowStarts[target] as number; index < (rowStarts[target + 1] as number); index += 1) {
      const value = fields[first + (columns[index] as number)] as number;
      if (Number.isNaN(value)) continue;
      sum += (values[index] as number) * value;
      valid += values[index] as number;
    }
    if (valid >= leastValid) out[at] = sum / valid;
  }
}
