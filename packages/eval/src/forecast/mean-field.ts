import { ShapeError } from "@graticule/core";

/** Mean of fields taken in one by one; missing values (NaN) don't count. */
export interface MeanField {
  /** @throws {ShapeError} if the field has another size. */
  add(field: Float32Array): void;
  /** NaN where no field had a value. */
  mean(): Float32Array;
}

/**
 * Averages fields over time without keeping them: over the truth that is scored it is WeatherBench 1's and ClimaX's
 * climatology, over the training years the plainest baseline.
 *
 * Shape: fields and mean of `size` values.
 */
export function makeMeanField(size: number): MeanField {
  const [sums, counts] = [new Float64Array(size), new Uint32Array(size)];
  return {
    add(field) {
      if (field.length !== size) throw new ShapeError("makeMeanField", `${size} values`, `${field.length}`);
      for (let cell = 0; cell < size; cell++) {
        const value = field[cell] as number;
        if (Number.isNaN(value)) continue;
        sums[cell] = (sums[cell] as number) + value;
        counts[cell] = (counts[cell] as number) + 1;
      }
    },
    mean: () => Float32Array.from(sums, (sum, cell) => sum / (counts[cell] as number)),
  };
}
