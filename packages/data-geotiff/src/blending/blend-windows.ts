import type { Image } from "@graticule/data";
import type { RasterLevel } from "../raster-level.js";
import { type ReadWindow, readWindows } from "./read-windows.js";
import { type BlendedStrip, makeStripBlender, type WindowScores } from "./strip-blender.js";
import { planWindows, type WindowPlan } from "./window-plan.js";

export interface BlendWindowsOptions {
  /** Zero-based, in the model's order. */
  readonly bands: readonly number[];
  /** Units: pixels. */
  readonly windowSize: readonly [height: number, width: number];
  /** Step from window to window; half of the window if absent, rounded up to whole cells. Units: pixels. */
  readonly stride?: readonly [down: number, across: number];
  /** Side of an output cell; 1 if absent. Units: pixels. */
  readonly cellSize?: number;
  /** Windows that are scored together. */
  readonly batchSize: number;
  /** Numbers that a score has. */
  readonly numOutputs: number;
  /**
   * Scores windows, `[C, height, width]` each in the raster's numbers, NaN without data. Windows without any data never come
   * here.
   */
  readonly score: (images: readonly Image[]) => Promise<readonly WindowScores[]>;
  /** The first row to make, where those above are at hand; 0 if absent. Units: cells. */
  readonly firstRow?: number;
  /** Hears after each batch how many windows are done. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The windows that `blendWindows` takes of a raster. @throws {RangeError} as `planWindows`. */
export function windowsOf(
  { width, height }: Pick<RasterLevel, "width" | "height">,
  { windowSize, stride, cellSize = 1 }: Pick<BlendWindowsOptions, "windowSize" | "stride" | "cellSize">,
): WindowPlan {
  const half = (size: number): number => Math.ceil(size / 2 / cellSize) * cellSize;
  return planWindows({
    ...{ width, height, windowSize, cellSize },
    stride: stride ?? [half(windowSize[0]), half(windowSize[1])],
  });
}

/**
 * Scores a raster of any size by overlapping windows and yields the blended scores from top to bottom, each row once. Memory
 * holds the rows that one batch of windows reaches over, whatever the raster's height.
 *
 * A row's values depend neither on `firstRow` nor, as far as `score` itself doesn't, on `batchSize`: a batch is always the
 * same slice of the plan, less the windows without data.
 *
 * @throws {RangeError} as `planWindows`, before anything is read.
 */
export async function* blendWindows(
  raster: Pick<RasterLevel, "width" | "height" | "readWindow">,
  options: BlendWindowsOptions,
): AsyncGenerator<BlendedStrip> {
  const { bands, batchSize, numOutputs, score, firstRow = 0, onProgress } = options;
  const plan = windowsOf(raster, options);
  if (firstRow >= plan.cellsDown) return;
  const blender = makeStripBlender(plan, numOutputs, firstRow);
  const read = (first: number): Promise<ReadWindow[]> => {
    const windows = readWindows(raster, bands, plan, first, Math.min(first + batchSize, plan.length));
    windows.catch(() => {}); // Told when the batch is awaited.
    return windows;
  };
  const firstBatch = Math.floor(plan.firstReaching(firstRow * plan.cellSize) / batchSize) * batchSize;
  let next = read(firstBatch);
  for (let first = firstBatch; first < plan.length; first += batchSize) {
    const windows = await next;
    const end = Math.min(first + batchSize, plan.length);
    if (end < plan.length) next = read(end);
    const images = windows.flatMap(({ image }) => (image ? [image] : []));
    const scores = [...(images.length > 0 ? await score(images) : [])].reverse();
    for (const { window, valid, image } of windows) blender.add(window, valid, image && scores.pop());
    onProgress?.(end, plan.length);
    const strip = blender.takeAbove(end < plan.length ? plan.window(end).row / plan.cellSize : plan.cellsDown);
    if (strip) yield strip;
  }
}
