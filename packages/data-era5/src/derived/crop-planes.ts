import type { Region } from "@graticule/data/arrays";

/**
 * The part of whole planes that a region takes.
 *
 * Shape: `[N, H, W] → [N, H', W']`, with `shape` and `region` of the variable, whose last two dimensions are H and W.
 */
export function cropPlanes<T extends Float32Array | Float64Array>(
  planes: T,
  shape: readonly number[],
  { start, count, step }: Region,
): T {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const [firstRow, firstColumn] = start.slice(-2) as [number, number];
  const [height, width] = count.slice(-2) as [number, number];
  const [rowStep, columnStep] = step.slice(-2) as [number, number];
  if (height === rows && width === columns) return planes;
  const number = planes.length / (rows * columns);
  const cropped = new (planes.constructor as new (length: number) => T)(number * height * width);
  let next = 0;
  for (let plane = 0; plane < number; plane++)
    for (let row = 0; row < height; row++) {
      let from = (plane * rows + firstRow + row * rowStep) * columns + firstColumn;
      for (let column = 0; column < width; column++, from += columnStep) cropped[next++] = planes[from] as number;
    }
  return cropped;
}
