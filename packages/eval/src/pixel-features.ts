import { ShapeError } from "@graticule/core";

function checkPixels(
  where: string,
  pixels: Float32Array,
  [channels, height, width]: readonly [number, number, number],
) {
  if (pixels.length !== channels * height * width || pixels.length === 0)
    throw new ShapeError(
      where,
      `pixels [${channels}, ${height}, ${width}]`,
      `${pixels.length} values`,
      "Pass the shape that the pixels were read with.",
    );
}

/**
 * Baseline features without any learning: means over a grid of blocks. Where the grid doesn't divide the image,
 * neighbouring blocks share a row or column (PyTorch's adaptive average pooling).
 *
 * Shape: `pixels [C, H, W] → [C · rows · columns]`, channel by channel, row-major.
 *
 * @throws {ShapeError} if the pixels don't have the shape.
 * @throws {RangeError} if the grid is finer than the image.
 */
export function downsampledPixelFeatures(
  pixels: Float32Array,
  shape: readonly [number, number, number],
  grid: readonly [rows: number, columns: number],
): Float32Array {
  checkPixels("downsampledPixelFeatures", pixels, shape);
  const [channels, height, width] = shape;
  const [rows, columns] = grid;
  const fits = (count: number, extent: number) => Number.isInteger(count) && count >= 1 && count <= extent;
  if (!fits(rows, height) || !fits(columns, width))
    throw new RangeError(
      `downsampledPixelFeatures: expected a grid from [1, 1] to [${height}, ${width}], got [${rows}, ${columns}].`,
    );
  const features = new Float32Array(channels * rows * columns);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const top = Math.floor((row * height) / rows);
        const bottom = Math.ceil(((row + 1) * height) / rows);
        const left = Math.floor((column * width) / columns);
        const right = Math.ceil(((column + 1) * width) / columns);
        let sum = 0;
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) sum += pixels[(channel * height + y) * width + x] as number;
        features[(channel * rows + row) * columns + column] = sum / ((bottom - top) * (right - left));
      }
  return features;
}

/**
 * Baseline features without any learning: mean and standard deviation of each channel.
 *
 * Shape: `pixels [C, H, W] → [2C]`, all means, then all deviations.
 *
 * @throws {ShapeError} if the pixels don't have the shape.
 */
export function channelStatisticsFeatures(
  pixels: Float32Array,
  shape: readonly [number, number, number],
): Float32Array {
  checkPixels("channelStatisticsFeatures", pixels, shape);
  const [channels, height, width] = shape;
  const size = height * width;
  const features = new Float32Array(2 * channels);
  for (let channel = 0; channel < channels; channel++) {
    const plane = pixels.subarray(channel * size, (channel + 1) * size);
    const mean = plane.reduce((sum, value) => sum + value, 0) / size;
    const variance = plane.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    features[channel] = mean;
    features[channels + channel] = Math.sqrt(variance);
  }
  return features;
}
