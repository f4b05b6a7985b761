import type { SparseRows } from "./regrid-weights.js";

/** Collects the weights of one target point after the other. */
export interface SparseRowsBuilder {
  /** Adds a weight to the point at hand; zeros are left out. */
  add(column: number, value: number): void;
  /** Ends the point at hand. */
  endRow(): void;
  finish(): SparseRows;
}

/** Makes a builder for `rows` target points; `capacity` weights fit before it has to grow. */
export function makeSparseRowsBuilder(rows: number, capacity: number): SparseRowsBuilder {
  const rowStarts = new Int32Array(rows + 1);
  let columns = new Int32Array(capacity);
  let values = new Float64Array(capacity);
  let count = 0;
  let row = 0;
  return {
    add(column, value) {
      if (value === 0) return;
      if (count === columns.length) {
        columns = grown(columns, Int32Array);
        values = grown(values, Float64Array);
      }
      columns[count] = column;
      values[count] = value;
      count += 1;
    },
    endRow() {
      row += 1;
      rowStarts[row] = count;
    },
    finish: () => ({ rowStarts, columns: columns.slice(0, count), values: values.slice(0, count) }),
  };
}

function grown<T extends Int32Array | Float64Array>(array: T, Type: new (length: number) => T): T {
  const larger = new Type(2 * array.length + 1);
  larger.set(array);
  return larger;
}
