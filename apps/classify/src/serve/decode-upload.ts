import { FormatError, ShapeError } from "@graticule/core";
import { openImageBytes } from "@graticule/data-geotiff";
import { findBands } from "../predict/match-bands.js";
import { prepareImage, type WindowModel } from "../predict/window-model.js";
import { Problem } from "./problem.js";

/** An upload as the model takes it, and the size that it had. */
export interface DecodedUpload {
  readonly prepared: Float32Array;
  readonly height: number;
  readonly width: number;
}

/**
 * Decodes an image, takes the bands of the model's channels, and prepares them.
 *
 * @throws {Problem} 400 with the reason if it is no image that can be read, or lacks a channel; 413 if it has too many pixels.
 */
export async function decodeUpload(model: WindowModel, bytes: Uint8Array, maxPixels: number): Promise<DecodedUpload> {
  try {
    const image = await openImageBytes("image", bytes);
    const { height, width, bandNames } = image;
    if (height * width > maxPixels)
      throw new Problem(
        413,
        `expected an image of at most ${maxPixels} pixels, got ${width} by ${height}. Send a smaller one, or start the server with more --max-pixels.`,
      );
    const bands = findBands(bandNames, model);
    if (!bands)
      throw new Problem(
        400,
        `image: expected channels ${model.schema.map(({ name }) => name).join(", ")}, got ${bandNames.join(", ")}. Send an image with these.`,
      );
    return { prepared: prepareImage(model, await image.readStored(bands)), height, width };
  } catch (error) {
    if (error instanceof FormatError || error instanceof ShapeError || error instanceof RangeError)
      throw new Problem(400, error.message);
    throw error;
  }
}
