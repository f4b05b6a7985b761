import type { Box } from "@graticule/data";
import type { SourceCoordinates } from "./source-coordinates.js";

/** One band of a part of the source; row and column say where it lies. Layout: `[height, width]`. */
export interface SourceWindow extends Box {
  readonly pixels: Float32Array;
}

/** The pixel that holds a place. Units of x and y: the source's columns and rows, pixel centers at halves. */
export function nearestAt({ pixels, row, column, height, width }: SourceWindow, x: number, y: number): number {
  // A place on the border between pixels belongs to the next, whatever the last bits of its projection.
  const atColumn = Math.floor(x + 1e-10) - column;
  const atRow = Math.floor(y + 1e-10) - row;
  return atColumn >= 0 && atRow >= 0 && atColumn < width && atRow < height
    ? (pixels[atRow * width + atColumn] as number)
    : NaN;
}

const RADIUS = { bilinear: 1, cubic: 2 } as const;

/** A weighted sum of the pixels around a place; the kernel is `stepX` by `stepY` times as wide when it shrinks. */
export function kernelAt(
  window: SourceWindow,
  x: number,
  y: number,
  stepX: number,
  stepY: number,
  method: "bilinear" | "cubic",
): number {
  const { pixels, row, column, height, width } = window;
  if (Number.isNaN(nearestAt(window, x, y))) return NaN;
  const weightOf = method === "bilinear" ? triangle : keys;
  const [reachX, reachY] = [RADIUS[method] * stepX, RADIUS[method] * stepY];
  const [centerX, centerY] = [x - 0.5 - column, y - 0.5 - row];
  const firstColumn = Math.max(0, Math.ceil(centerX - reachX));
  const lastColumn = Math.min(width - 1, Math.floor(centerX + reachX));
  const lastRow = Math.min(height - 1, Math.floor(centerY + reachY));
  let sum = 0;
  let weights = 0;
  for (let atRow = Math.max(0, Math.ceil(centerY - reachY)); atRow <= lastRow; atRow++) {
    const weightY = weightOf((atRow - centerY) / stepY);
    for (let atColumn = firstColumn; atColumn <= lastColumn; atColumn++) {
      const value = pixels[atRow * width + atColumn] as number;
      if (Number.isNaN(value)) continue;
      const weight = weightY * weightOf((atColumn - centerX) / stepX);
      sum += weight * value;
      weights += weight;
    }
  }
  return weights > 1e-6 ? sum / weights : NaN;
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

/** Keys 1981, IEEE TASSP 29(6), eq. 15: cubic convolution with a = −0.5. */
function keys(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/**
 * The mean of the pixels that a target pixel covers, each by how much of it lies in the box around its corners. NaN
 * for one whose corners are more than `largest` source pixels apart: it lies across the seam of a map of the Earth.
 */
export function averageAt(
  window: SourceWindow,
  corners: SourceCoordinates,
  atColumn: number,
  atRow: number,
  largest: number,
): number {
  const { pixels, row, column, height, width } = window;
  const first = atRow * corners.width + atColumn;
  const places = [first, first + 1, first + corners.width, first + corners.width + 1];
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const place of places) {
    const x = (corners.columns[place] as number) - column;
    const y = (corners.rows[place] as number) - row;
    if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  if (right - left > largest || bottom - top > largest) return NaN;
  let sum = 0;
  let weights = 0;
  const endRow = Math.min(height, Math.ceil(bottom));
  const endColumn = Math.min(width, Math.ceil(right));
  for (let inRow = Math.max(0, Math.floor(top)); inRow < endRow; inRow++) {
    const tall = Math.min(inRow + 1, bottom) - Math.max(inRow, top);
    for (let inColumn = Math.max(0, Math.floor(left)); inColumn < endColumn; inColumn++) {
      const value = pixels[inRow * width + inColumn] as number;
      if (Number.isNaN(value)) continue;
      const weight = tall * (Math.min(inColumn + 1, right) - Math.max(inColumn, left));
      sum += weight * value;
      weights += weight;
    }
  }
  return weights > 0 ? sum / weights : NaN;
}
