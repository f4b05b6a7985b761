/** A box of a variable: for each dimension the first index, how many, and the distance between them (≥ 1). */
export interface Region {
  readonly start: readonly number[];
  readonly count: readonly number[];
  readonly step: readonly number[];
}

export function product(values: readonly number[]): number {
  return values.reduce((result, value) => result * value, 1);
}

/** Distances between neighbors along each dimension of a row-major array. Units: elements. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let dim = shape.length - 2; dim >= 0; dim--)
    strides[dim] = (strides[dim + 1] as number) * (shape[dim + 1] as number);
  return strides;
}
