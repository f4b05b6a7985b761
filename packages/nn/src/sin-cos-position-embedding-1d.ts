/**
 * Sines, then cosines, of position / 10000^(2i/D): what channel embeddings start from.
 *
 * Shape: L positions → `[L, D]`.
 * Source: Vaswani et al. 2017, §3.5, arXiv:1706.03762; order of the halves as in `get_1d_sincos_pos_embed_from_grid` of
 * facebookresearch/mae.
 *
 * @throws {RangeError} if 2 does not divide `embedDim`.
 */
export function sinCosPositionEmbedding1d(options: {
  readonly embedDim: number;
  readonly positions: readonly number[];
}): Float32Array {
  const { embedDim, positions } = options;
  if (!(embedDim > 0 && embedDim % 2 === 0))
    throw new RangeError(`sinCosPositionEmbedding1d: expected embedDim to be a multiple of 2, got ${embedDim}.`);
  const half = embedDim / 2;
  const values = new Float32Array(positions.length * embedDim);
  for (const [row, position] of positions.entries())
    for (let index = 0; index < half; index++) {
      const angle = position * 10000 ** (-index / half);
      values[row * embedDim + index] = Math.sin(angle);
      values[row * embedDim + half + index] = Math.cos(angle);
    }
  return values;
}
