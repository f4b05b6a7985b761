import { expectation, ShapeError } from "@graticule/core";
import { type ColumnRuns, columnRuns } from "./column-runs.js";
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
  const runs = columnRuns(weights);
  let field = 0;
  for (; field + 4 <= count; field += 4) applyToFour(weights, runs, fields, result, field);
  for (; field < count; field += 1) applyToOne(weights, runs, fields, result, field);
  if (maxMissing > 0) fillFromValid(weights, fields, result, maxMissing);
  return result;
}

/** Four fields for each pass over the weights: four sums at once hide the time that each addition takes. */
function applyToFour<T extends Float32Array | Float64Array>(
  { values, sourceShape }: RegridWeights,
  { runStarts, columns, lengths }: ColumnRuns,
  fields: T,
  out: T,
  field: number,
): void {
  const size = sourceShape[0] * sourceShape[1];
  const targets = runStarts.length - 1;
  const one = fields.subarray(field * size, (field + 1) * size);
  const two = fields.subarray((field + 1) * size, (field + 2) * size);
  const three = fields.subarray((field + 2) * size, (field + 3) * size);
  const four = fields.subarray((field + 3) * size, (field + 4) * size);
  let index = 0;
  let end = 0;
  for (let target = 0; target < targets; target += 1) {
    let run = end;
    end = runStarts[target + 1] as number;
    let a = run === end ? NaN : 0;
    let [b, c, d] = [a, a, a];
    for (; run < end; run += 1) {
      const first = columns[run] as number;
      const last = first + (lengths[run] as number);
      for (let column = first; column < last; column += 1) {
        const weight = values[index] as number;
        index += 1;
        a += weight * (one[column] as number);
        b += weight * (two[column] as number);
        c += weight * (three[column] as number);
        d += weight * (four[column] as number);
      }
    }
    const at = field * targets + target;
    out[at] = a;
    out[at + targets] = b;
    out[at + 2 * targets] = c;
    out[at + 3 * targets] = d;
  }
}

function applyToOne<T extends Float32Array | Float64Array>(
  { values, sourceShape }: RegridWeights,
  { runStarts, columns, lengths }: ColumnRuns,
  fields: T,
  out: T,
  field: number,
): void {
  const size = sourceShape[0] * sourceShape[1];
  const targets = runStarts.length - 1;
  const one = fields.subarray(field * size, (field + 1) * size);
  let index = 0;
  let end = 0;
  for (let target = 0; target < targets; target += 1) {
    let run = end;
    end = runStarts[target + 1] as number;
    let sum = run === end ? NaN : 0;
    for (; run < end; run += 1) {
      const first = columns[run] as number;
      const last = first + (lengths[run] as number);
      for (let column = first; column < last; column += 1) {
        sum += (values[index] as number) * (one[column] as number);
        index += 1;
      }
    }
    out[field * targets + target] = sum;
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
