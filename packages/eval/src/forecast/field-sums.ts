/** Rows that are read together: of one alone, each addition would wait for the one before. */
const ROWS_AT_ONCE = 4;

/** Σ row · field for each of the first `count` rows; each sum goes through the cells in order. Shape: `[count]`. */
export function dotProducts(rows: readonly Float32Array[], field: Float32Array, count = rows.length): Float64Array {
  const sums = new Float64Array(count);
  for (let first = 0; first < count; first += ROWS_AT_ONCE) {
    const [a, b, c, d] = rowsFrom(rows, first, count);
    let [ofA, ofB, ofC, ofD] = [0, 0, 0, 0];
    for (let cell = 0; cell < field.length; cell++) {
      const value = field[cell] as number;
      ofA += (a[cell] as number) * value;
      ofB += (b[cell] as number) * value;
      ofC += (c[cell] as number) * value;
      ofD += (d[cell] as number) * value;
    }
    sums.set([ofA, ofB, ofC, ofD].slice(0, count - first), first);
  }
  return sums;
}

/** Σ factor · row. Shape: that of a row. */
export function combineRows(rows: readonly Float32Array[], factors: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const [at, row] of rows.entries()) {
    const factor = factors[at] as number;
    for (let cell = 0; cell < sum.length; cell++) sum[cell] = (sum[cell] as number) + factor * (row[cell] as number);
  }
  return sum;
}

/** Four rows; past the end the last one again. */
function rowsFrom(rows: readonly Float32Array[], first: number, count: number) {
  return [0, 1, 2, 3].map((row) => rows[Math.min(first + row, count - 1)]) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
}
