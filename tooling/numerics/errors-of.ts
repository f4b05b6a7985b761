import type { Computed } from "./op-cases.js";

/** The largest difference from the reference, and that divided by the reference's largest value. */
export interface NumericError {
  readonly absolute: number;
  readonly relative: number;
}

export interface CaseErrors {
  readonly output: NumericError;
  readonly gradient?: NumericError;
}

/** @throws {RangeError} if the reference lacks a case or has another number of values. */
export function errorsOf(
  computed: Readonly<Record<string, Computed>>,
  reference: Readonly<Record<string, Computed>>,
): Record<string, CaseErrors> {
  return Object.fromEntries(
    Object.entries(computed).map(([name, { output, gradient }]) => {
      const expected = reference[name];
      if (!expected) throw new RangeError(`numerics: expected a reference for ${name}, got none. Rebuild it.`);
      const errors = { output: compare(name, output, expected.output) };
      return [name, gradient ? { ...errors, gradient: compare(name, gradient, expected.gradient ?? []) } : errors];
    }),
  );
}

function compare(name: string, actual: readonly number[], expected: readonly number[]): NumericError {
  if (actual.length !== expected.length)
    throw new RangeError(`numerics: expected ${expected.length} values of ${name}, got ${actual.length}.`);
  let absolute = 0;
  let largest = 0;
  for (const [index, value] of expected.entries()) {
    const difference = Math.abs(value - (actual[index] as number));
    // A NaN must not pass as no difference.
    absolute = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(absolute, difference);
    largest = Math.max(largest, Math.abs(value));
  }
  return { absolute, relative: largest === 0 ? absolute : absolute / largest };
}
