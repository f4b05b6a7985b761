import { expectation } from "@graticule/core";

/**
 * Solves A X = B for a symmetric positive definite matrix by Cholesky's factorization.
 *
 * Shape: A `[n, n]`, B and X `[n, k]`, row-major; neither is changed.
 *
 * @throws {RangeError} if A is not positive definite.
 */
export function solveSpd(matrix: Float64Array, right: Float64Array, n: number): Float64Array {
  const lower = matrix.slice();
  for (let row = 0; row < n; row++)
    for (let column = 0; column <= row; column++) {
      let sum = lower[row * n + column] as number;
      for (let k = 0; k < column; k++) sum -= (lower[row * n + k] as number) * (lower[column * n + k] as number);
      if (row === column && !(sum > 0))
        throw new RangeError(
          expectation("solveSpd", "a positive definite matrix", `pivot ${sum} at ${row}`, "Raise the ridge."),
        );
      lower[row * n + column] = row === column ? Math.sqrt(sum) : sum / (lower[column * n + column] as number);
    }
  const width = right.length / n;
  const solution = right.slice();
  const subtract = (into: number, from: number, factor: number): void => {
    for (let k = 0; k < width; k++)
      solution[into * width + k] =
        (solution[into * width + k] as number) - factor * (solution[from * width + k] as number);
  };
  const divide = (row: number): void => {
    for (let k = 0; k < width; k++)
      solution[row * width + k] = (solution[row * width + k] as number) / (lower[row * n + row] as number);
  };
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < row; k++) subtract(row, k, lower[row * n + k] as number);
    divide(row);
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++) subtract(row, k, lower[k * n + row] as number);
    divide(row);
  }
  return solution;
}
