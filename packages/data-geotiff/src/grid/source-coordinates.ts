import type { Box } from "@graticule/data";
import { makePointTransform } from "../crs/crs.js";
import { invertTransform, toMap } from "./geo-transform.js";
import { type Grid, gridBounds } from "./grid.js";

/** Columns and rows of a source at places of a target grid; NaN where there is none. Layout: `[height, width]`. */
export interface SourceCoordinates {
  readonly width: number;
  readonly height: number;
  readonly columns: Float64Array;
  readonly rows: Float64Array;
}

/** Largest error of coordinates that are interpolated instead of projected one by one. Units: source pixels. */
const TOLERANCE = 0.02;

/** Cells of this many target pixels share their four corners' projections. */
const CELL = 16;

/**
 * Makes the function that finds where a box of target pixels lies in the source.
 *
 * `shift` is where in a pixel: 0.5 for its center, 0 for its corner. Coordinates are projected at the corners of
 * cells of 16 by 16 pixels and interpolated between where that is within 0.02 source pixels at the cell's middle and
 * edges, projected one by one elsewhere.
 */
export function makeSourceLocator(source: Grid, target: Grid): (box: Box, shift: number) => SourceCoordinates {
  const project = makePointTransform(target.crs, source.crs);
  const back = invertTransform(source.transform);
  const wrap = source.crs.isGeographic ? gridBounds(source)[0] : undefined;

  function locate(column: number, row: number): readonly [number, number] {
    const [mapX, mapY] = toMap(target.transform, column, row);
    const [x, y] = project(mapX, mapY);
    // A source on 0–360° holds what comes out as −180–180°, and the reverse.
    const wrapped = wrap === undefined ? x : x + 360 * Math.ceil((wrap - x) / 360 - 1e-9);
    return toMap(back, wrapped, y);
  }

  return (box, shift) => {
    const columns = new Float64Array(box.width * box.height);
    const rows = new Float64Array(box.width * box.height);
    for (let top = 0; top < box.height; top += CELL)
      for (let left = 0; left < box.width; left += CELL) {
        const cell = {
          row: top,
          column: left,
          height: Math.min(CELL, box.height - top),
          width: Math.min(CELL, box.width - left),
        };
        fillCell(cell, (column, row) => locate(box.column + column + shift, box.row + row + shift));
      }
    function fillCell(cell: Box, at: (column: number, row: number) => readonly [number, number]): void {
      const [right, bottom] = [cell.column + cell.width - 1, cell.row + cell.height - 1];
      const corners = [
        at(cell.column, cell.row),
        at(right, cell.row),
        at(cell.column, bottom),
        at(right, bottom),
      ] as const;
      const interpolate = (u: number, v: number, axis: 0 | 1): number =>
        (1 - v) * ((1 - u) * corners[0][axis] + u * corners[1][axis]) +
        v * ((1 - u) * corners[2][axis] + u * corners[3][axis]);
      const isLinear = [
        [0.5, 0.5],
        [0.5, 0],
        [0.5, 1],
        [0, 0.5],
        [1, 0.5],
      ].every(([u = 0, v = 0]) => {
        const [x, y] = at(cell.column + u * (cell.width - 1), cell.row + v * (cell.height - 1));
        return Math.abs(x - interpolate(u, v, 0)) <= TOLERANCE && Math.abs(y - interpolate(u, v, 1)) <= TOLERANCE;
      });
      for (let row = cell.row; row <= bottom; row++)
        for (let column = cell.column; column <= right; column++) {
          const index = row * box.width + column;
          if (isLinear) {
            const u = cell.width === 1 ? 0 : (column - cell.column) / (cell.width - 1);
            const v = cell.height === 1 ? 0 : (row - cell.row) / (cell.height - 1);
            columns[index] = interpolate(u, v, 0);
            rows[index] = interpolate(u, v, 1);
          } else {
            const [x, y] = at(column, row);
            columns[index] = x;
            rows[index] = y;
          }
        }
    }
    return { width: box.width, height: box.height, columns, rows };
  };
}
