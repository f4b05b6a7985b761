import type { Random } from "@graticule/core";
import type { Box } from "./resample.js";

const TRIES = 10;

/**
 * Draws the rectangle of a random resized crop: an area of `scale` times the image's, an aspect ratio (width to
 * height) that is log-uniform in `ratio`; after ten misfits the largest centered rectangle within `ratio`.
 *
 * Source: torchvision `RandomResizedCrop.get_params`, as MAE pretraining uses it (He et al. 2021, arXiv:2111.06377).
 */
export function drawCropBox(
  height: number,
  width: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  random: Random,
): Box {
  const [low, high] = [Math.log(ratio[0]), Math.log(ratio[1])];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = height * width * (scale[0] + (scale[1] - scale[0]) * random.float());
    const aspect = Math.exp(low + (high - low) * random.float());
    const cropWidth = Math.round(Math.sqrt(area * aspect));
    const cropHeight = Math.round(Math.sqrt(area / aspect));
    if (cropWidth < 1 || cropHeight < 1 || cropWidth > width || cropHeight > height) continue;
    const row = random.integer(height - cropHeight + 1);
    return { row, column: random.integer(width - cropWidth + 1), height: cropHeight, width: cropWidth };
  }
  const aspect = width / height;
  if (aspect < ratio[0]) return centeredBox(height, width, Math.max(1, Math.round(width / ratio[0])), width);
  if (aspect > ratio[1]) return centeredBox(height, width, height, Math.max(1, Math.round(height * ratio[1])));
  return { row: 0, column: 0, height, width };
}

/** The rectangle of the given size in the middle of an image; half pixels go to the first row and column. */
export function centeredBox(height: number, width: number, cropHeight: number, cropWidth: number): Box {
  return {
    row: Math.floor((height - cropHeight) / 2),
    column: Math.floor((width - cropWidth) / 2),
    height: cropHeight,
    width: cropWidth,
  };
}
