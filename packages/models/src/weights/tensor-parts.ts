import type { StoredValues } from "@graticule/nn";

/** Row-major values, or bits of 16, and their shape. */
export interface ShapedValues<T extends StoredValues> {
  readonly shape: readonly number[];
  readonly values: T;
}

const empty = <T extends StoredValues>(like: T, length: number): T =>
  (like instanceof Uint16Array ? new Uint16Array(length) : new Float32Array(length)) as T;

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
export function joinValues<T extends StoredValues>(parts: readonly ShapedValues<T>[], dim: number): T {
  const [first] = parts as [ShapedValues<T>];
  if (parts.length === 1) return first.values;
  const rows = sizeOf(first.shape.slice(0, dim));
  const joined = empty(
    first.values,
    parts.reduce((sum, { values }) => sum + values.length, 0),
  );
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
export function partOfValues<T extends StoredValues>(
  { shape, values }: ShapedValues<T>,
  dim: number,
  index: number,
  count: number,
): T {
  if (count === 1) return values;
  const rows = sizeOf(shape.slice(0, dim));
  const whole = values.length / rows;
  const length = whole / count;
  const part = empty(values, rows * length);
  for (let row = 0; row < rows; row++) {
    const start = row * whole + index * length;
    part.set(values.subarray(start, start + length), row * length);
  }
  return part;
}
