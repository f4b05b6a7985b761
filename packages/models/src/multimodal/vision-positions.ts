/** Patches of an image: [rows, columns]. */
export type PatchGrid = readonly [rows: number, columns: number];

/**
 * Which of a square table's positions each patch of an image takes: that of the same place as a fraction of height and
 * width, so that any image spans the whole table.
 *
 * Shape: rows·columns numbers below side², row-major.
 * Source: Dehghani et al. 2023 (NaViT), §2.2, arXiv:2307.06304, fractional coordinates; buckets as in MiniCPM-V. Where a
 * patch lies on the edge of two places ours is exact; PyTorch's rounds its edges, which puts a few patches one place before.
 */
export function visionPositions([rows, columns]: PatchGrid, side: number): Int32Array {
  const place = (index: number, count: number): number => Math.floor((index * side) / count);
  return Int32Array.from({ length: rows * columns }, (_, patch) => {
    return place(Math.floor(patch / columns), rows) * side + place(patch % columns, columns);
  });
}
