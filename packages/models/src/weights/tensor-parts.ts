/** Row-major values and their shape. */
export interface ShapedValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** The shape of tensors joined along a dimension; undefined if they differ in another one. */
export function joinedShape(shapes: readonly (readonly number[])[], dim: number): number[] | undefined {
  const [first, ...others] = shapes as [readonly number[], ...(readonly number[])[]];
  const fits = others.every(
    (shape) => shape.length === first.length && shape.every((length, at) => at === dim || length === first[at]),
  );
  if (!fits || dim >= first.length) return undefined;
  return first.map((length, at) =>
    at === dim ? shapes.reduce((sum, shape) => sum + (shape[dim] as number), 0) : length,
  );
}

/** Joins tensors along a dimension; shapes are those that `joinedShape` accepts. */
export function joinValues(parts: readonly ShapedValues[], dim: number): Float32Array {
  const [first] = parts as [ShapedValues];
  if (parts.length === 1) return first.values;
  const rows = sizeOf(first.shape.slice(0, dim));
  const joined = new Float32Array(parts.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (const { values } of parts) {
      const length = values.length / rows;
      joined.set(values.subarray(row * length, (row + 1) * length), at);
      at += length;
    }
  return joined;
}

/** One of `count` equal parts of a tensor along a dimension. */
export function partOfValues({ shape, values }: ShapedValues, dim: number, index: number, count: number): Float32Array {
  if (count === 1) return values;
  const rows = sizeOf(shape.slice(0, dim));
  const whole = values.length / rows;
  const length = whole / count;
  const part = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const start = row * whole + index * length;
    part.set(values.subarray(start, start + length), row * length);
  }
  return part;
}
