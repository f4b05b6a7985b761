/**
 * Fixed two-dimensional position embedding of MAE. The first half of the features encodes the COLUMN and the second half
 * the row (the reference builds its mesh width first), each half as sines, then cosines, of position / 10000^(2i/(D/2)).
 *
 * Shape: `[N, D]`, or `[1 + N, D]` with a row of zeros first for the class token; N = rows·columns, row-major.
 * Source: He et al. 2022, arXiv:2111.06377; `get_2d_sincos_pos_embed` of facebookresearch/mae.
 *
 * @throws {RangeError} if 4 does not divide `embedDim`.
 */
export function sinCosPositionEmbedding2d(options: {
  readonly embedDim: number;
  readonly grid: readonly [rows: number, columns: number];
  readonly clsToken: boolean;
}): Float32Array {
  const { embedDim, grid, clsToken } = options;
  if (!(embedDim > 0 && embedDim % 4 === 0))
    throw new RangeError(`sinCosPositionEmbedding2d: expected embedDim to be a multiple of 4, got ${embedDim}.`);
  const [rows, columns] = grid;
  const quarter = embedDim / 4;
  const offset = clsToken ? embedDim : 0;
  const values = new Float32Array(offset + rows * columns * embedDim);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const start = offset + (row * columns + column) * embedDim;
      for (let index = 0; index < quarter; index++) {
        const frequency = 10000 ** (-index / quarter);
        values[start + index] = Math.sin(column * frequency);
        values[start + quarter + index] = Math.cos(column * frequency);
        values[start + 2 * quarter + index] = Math.sin(row * frequency);
        values[start + 3 * quarter + index] = Math.cos(row * frequency);
      }
    }
  return values;
}
