import type { PatchGrid } from "../multimodal/vision-positions.js";

/** The tokens behind which an image, or a slice of one, stands. */
export const IMAGE_TOKENS = ["<image>", "<slice>"] as const;

/** Stands where an image's tokens will; the model never reads it. */
const PLACE = "<unk>";

export interface ImageMarks {
  /** How many slices stand behind the overview, in rows and columns; none if undefined. */
  readonly grid: PatchGrid | undefined;
  /** Tokens of an image, or of a slice. */
  readonly numQueries: number;
  /** Number of the image in the conversation, from 0. */
  readonly index: number;
}

/**
 * The text that makes room for an image: its number, the overview, and the slices row by row, each between marks.
 *
 * Source: Yao et al. 2024 (MiniCPM-V), §3.2, arXiv:2408.01800; the marks as in the processor of MiniCPM-V 2.6.
 */
export function imageMarks({ grid, numQueries, index }: ImageMarks): string {
  const room = PLACE.repeat(numQueries);
  const overview = `<image_id>${index}</image_id><image>${room}</image>`;
  if (!grid) return overview;
  const [rows, columns] = grid;
  const row = `<slice>${room}</slice>`.repeat(columns);
  return overview + Array.from({ length: rows }, () => row).join("\n");
}
