/** Matrix-product FLOPs of a transformer block's forward pass, with an MLP four times as wide, for one image. */
export function blockFlops(tokens: number, width: number): number {
  return 24 * tokens * width * width + 4 * tokens * tokens * width;
}
