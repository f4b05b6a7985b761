import { expectation } from "@graticule/core";

/**
 * Checks indices that pick as many tokens of each sample, and inverts them: for each of the B·N tokens its place among
 * the picked ones, or their count where it was not picked.
 *
 * @throws {RangeError} if they don't divide among the samples, are outside of 0 … N − 1 or repeat in a sample.
 */
export function invertIndices(op: string, indices: Int32Array, batch: number, tokens: number): Int32Array {
  const picked = indices.length / batch;
  if (!Number.isInteger(picked))
    throw new RangeError(expectation(op, `as many indices for each of ${batch} samples`, `${indices.length} in all`));
  const inverse = new Int32Array(batch * tokens).fill(indices.length);
  for (let position = 0; position < indices.length; position++) {
    const index = indices[position] as number;
    const row = Math.floor(position / picked) * tokens + index;
    if (!(index >= 0 && index < tokens && inverse[row] === indices.length))
      throw new RangeError(
        expectation(op, `distinct indices from 0 to ${tokens - 1} in a sample`, `${index} at ${position}`),
      );
    inverse[row] = position;
  }
  return inverse;
}
