import type { Box } from "@graticule/data";
import type { WindowPlan } from "./window-plan.js";

/** What a model says of one window. Layout: `[height, width, numOutputs]`; a size of 1 by 1 holds for all of the window. */
export interface WindowScores {
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** Finished rows of the output. */
export interface BlendedStrip {
  /** First row. Units: cells. */
  readonly row: number;
  readonly rows: number;
  /** NaN where the raster has no data. Shape: `[numOutputs, rows, cellsAcross]`. */
  readonly values: Float32Array;
}

/** Adds up overlapping windows and holds no more rows than windows reach over. */
export interface StripBlender {
  /** Adds a window. `valid` has 1 for each of its cells with data, `[rows, columns]`; without scores it has none. */
  add(window: Box, valid: Uint8Array, scores: WindowScores | undefined): void;
  /** Hands out the rows above one that no window to come will touch; undefined if there are none. Units: cells. */
  takeAbove(row: number): BlendedStrip | undefined;
  /** Rows in memory. */
  readonly heldRows: number;
}

interface Row {
  /** Weighted sums. Shape: `[numOutputs, cellsAcross]`. */
  readonly sums: Float32Array;
  readonly weights: Float32Array;
  readonly valid: Uint8Array;
}

/**
 * Blends windows into rows of cells: each window weighs sin² of its place from edge to edge, in both directions (a Hann
 * window), and sums are divided by the weights that met in a cell, so that nothing of a window's edge is seen, and a cell
 * that one window alone covers has that window's scores.
 *
 * Sums depend on the order of the windows alone, not on how they are batched.
 *
 * @param firstRow rows above it are left out, of a raster whose first rows are finished. Units: cells.
 */
export function makeStripBlender(plan: WindowPlan, numOutputs: number, firstRow = 0): StripBlender {
  const { cellSize, cellsAcross, cellsDown, windowSize } = plan;
  const taperDown = taper(windowSize[0] / cellSize);
  const taperAcross = taper(windowSize[1] / cellSize);
  const weights = new Float32Array(taperAcross.length);
  const spare: Row[] = [];
  let held: Row[] = [];
  let top = firstRow;

  function rowAt(row: number): Row {
    while (held.length <= row - top)
      held.push(
        spare.pop() ?? {
          sums: new Float32Array(numOutputs * cellsAcross),
          weights: new Float32Array(cellsAcross),
          valid: new Uint8Array(cellsAcross),
        },
      );
    return held[row - top] as Row;
  }

  function add(window: Box, valid: Uint8Array, scores: WindowScores | undefined): void {
    const windowColumns = taperAcross.length;
    const [startRow, start] = [window.row / cellSize, window.column / cellSize];
    const columns = Math.min(windowColumns, cellsAcross - start);
    const columnOf = nearest(windowColumns, scores?.width ?? 1);
    const rowOf = nearest(taperDown.length, scores?.height ?? 1);
    const endRow = Math.min(startRow + taperDown.length, cellsDown);
    for (let row = Math.max(top, startRow); row < endRow; row++) {
      const target = rowAt(row);
      const from = (row - startRow) * windowColumns;
      for (let x = 0; x < columns; x++) if (valid[from + x] === 1) target.valid[start + x] = 1;
      if (!scores) continue;
      const { values } = scores;
      const { sums } = target;
      const down = taperDown[row - startRow] as number;
      for (let x = 0; x < columns; x++) {
        const weight = down * (taperAcross[x] as number);
        weights[x] = weight;
        target.weights[start + x] = (target.weights[start + x] as number) + weight;
      }
      const scoreRow = (rowOf[row - startRow] as number) * scores.width;
      for (let output = 0; output < numOutputs; output++) {
        const at = output * cellsAcross + start;
        for (let x = 0; x < columns; x++) {
          const score = values[(scoreRow + (columnOf[x] as number)) * numOutputs + output] as number;
          sums[at + x] = (sums[at + x] as number) + (weights[x] as number) * score;
        }
      }
    }
  }

  function takeAbove(row: number): BlendedStrip | undefined {
    const rows = Math.min(row, cellsDown) - top;
    if (rows <= 0) return undefined;
    const values = new Float32Array(numOutputs * rows * cellsAcross);
    for (let y = 0; y < rows; y++) {
      const { sums, weights, valid } = rowAt(top + y);
      for (let output = 0; output < numOutputs; output++) {
        const [from, to] = [output * cellsAcross, (output * rows + y) * cellsAcross];
        for (let x = 0; x < cellsAcross; x++)
          values[to + x] = valid[x] === 1 ? (sums[from + x] as number) / (weights[x] as number) : NaN;
      }
      sums.fill(0);
      weights.fill(0);
      valid.fill(0);
    }
    const strip = { row: top, rows, values };
    spare.push(...held.slice(0, rows));
    held = held.slice(rows);
    top += rows;
    return strip;
  }

  return {
    add,
    takeAbove,
    get heldRows() {
      return held.length + spare.length;
    },
  };
}

/** sin² from edge to edge, at the cells' centers: above 0 everywhere. */
function taper(cells: number): Float32Array {
  return Float32Array.from({ length: cells }, (_, cell) => Math.sin((Math.PI * (cell + 0.5)) / cells) ** 2);
}

/** For each of some cells the place, in another number of cells over the same length, that its center falls into. */
function nearest(cells: number, others: number): Int32Array {
  return Int32Array.from({ length: cells }, (_, cell) => Math.floor(((cell + 0.5) * others) / cells));
}
