import { ShapeError } from "@graticule/core";

/** Cubic convolution's free parameter in filters that antialias; Keys 1981, doi:10.1109/TASSP.1981.1163711. */
const A = -0.5;

/**
 * Interpolates learned positions to another grid of patches, bicubic and antialiased. The rows in front of the grid's,
 * such as that of the class token, stay as they are.
 *
 * Shape: `[T + rows·columns, D]` → `[T + rows'·columns', D]`, row-major, T = `prefixTokens`.
 * Source: timm, `resample_abs_pos_embed`; PyTorch, `interpolate(mode="bicubic", antialias=True, align_corners=False)`.
 *
 * @throws {ShapeError} if the values are not so many rows.
 */
export function resamplePositions(
  values: Float32Array,
  options: {
    readonly embedDim: number;
    readonly from: readonly [rows: number, columns: number];
    readonly to: readonly [rows: number, columns: number];
    readonly prefixTokens: number;
  },
): Float32Array {
  const { embedDim, from, to, prefixTokens } = options;
  const prefix = prefixTokens * embedDim;
  const expected = prefix + from[0] * from[1] * embedDim;
  if (values.length !== expected)
    throw new ShapeError(
      "resamplePositions",
      `${prefixTokens} + ${from[0]} × ${from[1]} positions of ${embedDim} values`,
      `${values.length} values`,
      "Give the image size that the weights were trained at.",
    );
  if (from[0] === to[0] && from[1] === to[1]) return values;
  const resampled = new Float32Array(prefix + to[0] * to[1] * embedDim);
  resampled.set(values.subarray(0, prefix));
  const [rowTaps, columnTaps] = [cubicTaps(from[0], to[0]), cubicTaps(from[1], to[1])];
  for (const [row, rows] of rowTaps.entries())
    for (const [column, columns] of columnTaps.entries()) {
      const at = prefix + (row * to[1] + column) * embedDim;
      for (let dim = 0; dim < embedDim; dim++) {
        let sum = 0;
        for (const [y, rowWeight] of rows)
          for (const [x, columnWeight] of columns)
            sum += rowWeight * columnWeight * (values[prefix + (y * from[1] + x) * embedDim + dim] as number);
        resampled[at + dim] = sum;
      }
    }
  return resampled;
}

/** For each new place the old ones that it is made of, with their shares; where it shrinks, the kernel is as much wider. */
function cubicTaps(from: number, to: number): [place: number, weight: number][][] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, index) => {
    const center = (index + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - 2 * stretch + 0.5));
    const end = Math.min(from, Math.trunc(center + 2 * stretch + 0.5));
    const taps = Array.from({ length: end - first }, (_, offset): [number, number] => {
      return [first + offset, cubic((first + offset + 0.5 - center) / stretch)];
    });
    const total = taps.reduce((sum, [, weight]) => sum + weight, 0);
    return taps.map(([place, weight]): [number, number] => [place, weight / total]);
  });
}

function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
}
