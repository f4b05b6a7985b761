/** Associated Legendre functions of one truncation at some latitudes. */
export interface LegendreFunctions {
  /**
   * P of order m and degree n at a row. Layout: for each m from 0 to T, for each row, n from m to T.
   * Normalization: `½ ∫ P² dμ = 1`, all positive towards the north pole, as the IFS has them.
   */
  readonly values: Float64Array;
  /** `(1 - μ²) dP/dμ` in the same layout. */
  readonly slopes: Float64Array;
}

/**
 * Evaluates the functions by the recurrence in degree, `ε_n P_n = μ P_{n-1} - ε_{n-1} P_{n-2}`, which is stable.
 *
 * @param sines sine of latitude of each row
 * Source: Belousov 1962; Holmes and Featherstone 2002 (same recurrence).
 */
export function legendreFunctions(truncation: number, sines: Float64Array): LegendreFunctions {
  const rows = sines.length;
  const size = (rows * (truncation + 1) * (truncation + 2)) / 2;
  const [values, slopes] = [new Float64Array(size), new Float64Array(size)];
  const line = new Float64Array(truncation + 3);
  const sectoral = new Float64Array(rows).fill(1);
  let at = 0;
  for (let m = 0; m <= truncation; m += 1)
    for (let row = 0; row < rows; row += 1) {
      const sine = sines[row] as number;
      if (m > 0) (sectoral[row] as number) *= Math.sqrt(((2 * m + 1) / (2 * m)) * (1 - sine * sine));
      let [before, value] = [0, sectoral[row] as number];
      for (let n = m; n <= truncation + 1; n += 1) {
        line[n] = value;
        [before, value] = [value, (sine * value - epsilon(n, m) * before) / epsilon(n + 1, m)];
      }
      for (let n = m; n <= truncation; n += 1, at += 1) {
        values[at] = line[n] as number;
        const below = n > m ? (n + 1) * epsilon(n, m) * (line[n - 1] as number) : 0;
        slopes[at] = below - n * epsilon(n + 1, m) * (line[n + 1] as number);
      }
    }
  return { values, slopes };
}

function epsilon(n: number, m: number): number {
  return Math.sqrt((n * n - m * m) / (4 * n * n - 1));
}
