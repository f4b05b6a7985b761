import type { Box } from "@graticule/data";

export interface WindowPlanOptions {
  /** Size of the raster. Units: pixels. */
  readonly width: number;
  readonly height: number;
  /** Units: pixels. */
  readonly windowSize: readonly [height: number, width: number];
  /** Step from window to window. Units: pixels. */
  readonly stride: readonly [down: number, across: number];
  /** Side of an output cell; divides sizes and strides. Units: pixels. */
  readonly cellSize: number;
}

/** Overlapping windows that cover a raster, row by row. A window may reach beyond the raster's lower and right edge. */
export interface WindowPlan extends WindowPlanOptions {
  /** Size of the output. Units: cells. */
  readonly cellsAcross: number;
  readonly cellsDown: number;
  /** Number of windows. */
  readonly length: number;
  /** A window by its place in the order. Units: pixels. */
  window(index: number): Box;
  /** The first window in the order with a pixel at that row or below. */
  firstReaching(row: number): number;
}

/**
 * Plans windows that cover a raster. The last of a row or column ends at the raster's edge, or beyond it by less than a
 * cell; a raster smaller than a window has one, which reaches beyond.
 *
 * @throws {RangeError} if sizes or strides aren't whole multiples of cells, or windows would leave gaps.
 */
export function planWindows(options: WindowPlanOptions): WindowPlan {
  const { width, height, windowSize, stride, cellSize } = options;
  const isWhole = (size: number): boolean => Number.isInteger(size) && size > 0 && size % cellSize === 0;
  if (!Number.isInteger(cellSize) || cellSize < 1 || ![...windowSize, ...stride].every(isWhole))
    throw new RangeError(
      `planWindows: expected windows and strides of whole cells of ${cellSize} pixels, got windows of ${windowSize.join(" by ")} and strides of ${stride.join(" by ")}. Choose a size of cells that divides both.`,
    );
  if (stride[0] > windowSize[0] || stride[1] > windowSize[1])
    throw new RangeError(
      `planWindows: expected strides of at most the windows' ${windowSize.join(" by ")} pixels, got ${stride.join(" by ")}. Between them nothing would be seen.`,
    );
  const rows = starts(height, windowSize[0], stride[0], cellSize);
  const columns = starts(width, windowSize[1], stride[1], cellSize);
  return {
    ...options,
    cellsAcross: Math.ceil(width / cellSize),
    cellsDown: Math.ceil(height / cellSize),
    length: rows.length * columns.length,
    window: (index) => ({
      row: rows[Math.floor(index / columns.length)] as number,
      column: columns[index % columns.length] as number,
      height: windowSize[0],
      width: windowSize[1],
    }),
    firstReaching: (row) => {
      const first = rows.findIndex((start) => start + windowSize[0] > row);
      return (first < 0 ? rows.length : first) * columns.length;
    },
  };
}

function starts(extent: number, window: number, stride: number, cell: number): number[] {
  const last = Math.max(0, Math.ceil((extent - window) / cell) * cell);
  const places: number[] = [];
  for (let start = 0; start < last; start += stride) places.push(start);
  return [...places, last];
}
