import type { LatLonGrid } from "./lat-lon-grid.js";
import type { SparseRows } from "./regrid-weights.js";
import { makeSparseRowsBuilder } from "./sparse-rows-builder.js";

const RADIANS = Math.PI / 180;

/** A source row or column under a target one, and the size of what both share. */
interface Overlap {
  readonly index: number;
  readonly size: number;
}

/**
 * Weights of first-order conservative regridding: each source cell by the area it shares with the target cell.
 *
 * Cells lie between parallels and meridians, so that an overlap is a difference of sines times one of longitudes.
 * Weights are divided by the area that the source covers, so that a target at the border of a regional source gets the
 * mean of its covered part.
 *
 * Source: Jones 1999, doi:10.1175/1520-0493(1999)127<2204:FASOCR>2.0.CO;2, eq. 5, fraction-area normalization.
 */
export function conservativeWeights(source: LatLonGrid, target: LatLonGrid): SparseRows {
  const width = source.longitudes.length;
  const rows = latitudeOverlaps(source, target);
  const columns = longitudeOverlaps(source, target);
  const count = (overlaps: readonly Overlap[][]): number => overlaps.reduce((sum, list) => sum + list.length, 0);
  const builder = makeSparseRowsBuilder(rows.length * columns.length, count(rows) * count(columns));
  for (const ofRow of rows)
    for (const ofColumn of columns) {
      const covered = total(ofRow) * total(ofColumn);
      for (const row of ofRow)
        for (const column of ofColumn)
          builder.add(row.index * width + column.index, (row.size * column.size) / covered);
      builder.endRow();
    }
  return builder.finish();
}

function total(overlaps: readonly Overlap[]): number {
  return overlaps.reduce((sum, { size }) => sum + size, 0);
}

function latitudeOverlaps(source: LatLonGrid, target: LatLonGrid): Overlap[][] {
  const sines = (grid: LatLonGrid) => cells(grid.latitudeBounds.map((bound) => Math.sin(bound * RADIANS)));
  const ofSource = sines(source);
  return sines(target).map((cell) => overlapping(ofSource, cell, 0));
}

function longitudeOverlaps(source: LatLonGrid, target: LatLonGrid): Overlap[][] {
  const ofSource = cells(source.longitudeBounds);
  const start = source.longitudeBounds[0] as number;
  return cells(target.longitudeBounds).map(([west, east]) => {
    const turns = Math.floor((west - start) / 360);
    const [a, b] = [west - 360 * turns, east - 360 * turns];
    // The cell may reach past the end of the source's turn, into its beginning.
    const found = [...overlapping(ofSource, [a, b], 0), ...overlapping(ofSource, [a, b], 360)];
    return found.sort((one, other) => one.index - other.index);
  });
}

type Cell = readonly [number, number];

function cells(bounds: Float64Array): Cell[] {
  return Array.from({ length: bounds.length - 1 }, (_, index) => {
    const [a, b] = [bounds[index] as number, bounds[index + 1] as number];
    return [Math.min(a, b), Math.max(a, b)];
  });
}

/** Overlaps that are rounding and no more: cells that only touch. */
const TOUCH = 1e-12;

function overlapping(ofSource: readonly Cell[], [low, high]: Cell, shift: number): Overlap[] {
  const found: Overlap[] = [];
  ofSource.forEach(([a, b], index) => {
    const size = Math.min(b + shift, high) - Math.max(a + shift, low);
    if (size > TOUCH * (high - low)) found.push({ index, size });
  });
  return found;
}
