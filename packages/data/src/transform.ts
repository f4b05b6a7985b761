import { ConfigError, type Random, ShapeError } from "@graticule/core";
import { assertChannelCount, type ChannelSchema } from "./channel-schema.js";
import { centeredBox, drawCropBox } from "./crop-box.js";
import { type Box, type Image, type Interpolation, resample } from "./resample.js";

type Size = readonly [height: number, width: number];
type Range = readonly [low: number, high: number];

/** One step of image preparation, as plain data. Sizes are `[H, W]`; `probability` is that of a flip, 0.5 if absent. */
export type TransformSpec =
  | {
      readonly kind: "randomResizedCrop";
      readonly size: Size;
      readonly scale: Range;
      readonly ratio: Range;
      readonly interpolation: Interpolation;
    }
  | { readonly kind: "horizontalFlip" | "verticalFlip"; readonly probability?: number }
  | { readonly kind: "resize"; readonly size: Size; readonly interpolation: Interpolation }
  | { readonly kind: "centerCrop"; readonly size: Size }
  | { readonly kind: "normalize" };

export interface TransformContext {
  readonly random: Random;
  readonly schema: ChannelSchema;
}

/** Applies the steps in order; the input's pixels stay as they are. */
export function applyTransforms(image: Image, transforms: readonly TransformSpec[], context: TransformContext): Image {
  return transforms.reduce((current, transform) => {
    // What an earlier step made may be changed: fresh memory costs more than the arithmetic.
    const mayOverwrite = current.pixels !== image.pixels;
    return applyTransform(current, transform, context, mayOverwrite);
  }, image);
}

function applyTransform(
  image: Image,
  transform: TransformSpec,
  { random, schema }: TransformContext,
  mayOverwrite: boolean,
): Image {
  const [, height, width] = image.shape;
  switch (transform.kind) {
    case "randomResizedCrop": {
      const box = drawCropBox(height, width, transform.scale, transform.ratio, random);
      return resample(image, box, transform.size, transform.interpolation);
    }
    case "resize": {
      const unchanged = height === transform.size[0] && width === transform.size[1];
      return unchanged ? image : resample(image, wholeImage(image), transform.size, transform.interpolation);
    }
    case "centerCrop":
      return centerCrop(image, transform.size);
    case "horizontalFlip":
      return random.float() < (transform.probability ?? 0.5)
        ? flipHorizontal(image, mayOverwrite ? image.pixels : undefined)
        : image;
    case "verticalFlip":
      return random.float() < (transform.probability ?? 0.5) ? flipVertical(image) : image;
    case "normalize":
      return normalize(image, schema, mayOverwrite ? image.pixels : undefined);
  }
}

const wholeImage = ({ shape: [, height, width] }: Image): Box => ({ row: 0, column: 0, height, width });

/** Mirrors left and right, into `flipped` if given, which may be the image's own. Shape: `[C, H, W] → [C, H, W]`. */
export function flipHorizontal(
  { pixels, shape }: Image,
  flipped: Float32Array = new Float32Array(pixels.length),
): Image {
  const width = shape[2];
  if (flipped !== pixels) flipped.set(pixels);
  for (let row = 0; row < flipped.length; row += width) flipped.subarray(row, row + width).reverse();
  return { pixels: flipped, shape };
}

/** Mirrors top and bottom. Shape: `[C, H, W] → [C, H, W]`. */
export function flipVertical({ pixels, shape }: Image): Image {
  const [channels, height, width] = shape;
  const flipped = new Float32Array(pixels.length);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < height; row++) {
      const from = (channel * height + row) * width;
      flipped.set(pixels.subarray(from, from + width), (channel * height + height - 1 - row) * width);
    }
  return { pixels: flipped, shape };
}

/**
 * Cuts the middle out of an image. Shape: `[C, H, W] → [C, size[0], size[1]]`.
 *
 * @throws {ShapeError} if the image is smaller than the crop.
 */
export function centerCrop({ pixels, shape }: Image, size: Size): Image {
  const [channels, height, width] = shape;
  if (size[0] > height || size[1] > width)
    throw new ShapeError(
      "centerCrop",
      `an image of at least ${size[0]} by ${size[1]} pixels`,
      `[${shape.join(", ")}]`,
      "Put a resize before it.",
    );
  const box = centeredBox(height, width, size[0], size[1]);
  const cropped = new Float32Array(channels * size[0] * size[1]);
  for (let channel = 0; channel < channels; channel++)
    for (let row = 0; row < size[0]; row++) {
      const from = (channel * height + box.row + row) * width + box.column;
      cropped.set(pixels.subarray(from, from + size[1]), (channel * size[0] + row) * size[1]);
    }
  return { pixels: cropped, shape: [channels, size[0], size[1]] };
}

/**
 * Subtracts each channel's mean and divides by its std. A pixel without data (NaN) becomes 0, the channel's mean.
 * The result goes into `normalized` if given, which may be the image's own pixels.
 *
 * @throws {ConfigError} if a channel has no mean and std. @throws {ShapeError} if the channel count differs.
 */
export function normalize(
  { pixels, shape }: Image,
  schema: ChannelSchema,
  normalized: Float32Array = new Float32Array(pixels.length),
): Image {
  assertChannelCount("normalize", schema, shape[0]);
  const plane = shape[1] * shape[2];
  for (const [index, channel] of schema.entries()) {
    const { mean, std } = channelScale(channel);
    for (let position = index * plane; position < (index + 1) * plane; position++) {
      const value = ((pixels[position] as number) - mean) / std;
      normalized[position] = Number.isNaN(value) ? 0 : value;
    }
  }
  return { pixels: normalized, shape };
}

function channelScale({ name, mean, std }: ChannelSchema[number]): { mean: number; std: number } {
  if (mean === undefined || std === undefined || !(std > 0))
    throw new ConfigError(
      `normalize: expected a mean and a positive std for channel '${name}', got mean ${mean} and std ${std}. Measure the training split with measureChannels, or leave the channel out.`,
    );
  return { mean, std };
}

const KINDS: readonly TransformSpec["kind"][] = [
  "randomResizedCrop",
  "horizontalFlip",
  "verticalFlip",
  "resize",
  "centerCrop",
  "normalize",
];

/**
 * Checks transforms where they enter, so that a wrong one fails before the first batch.
 *
 * @throws {ConfigError} naming the transform and the field.
 */
export function assertTransforms(transforms: readonly TransformSpec[], schema: ChannelSchema): void {
  for (const transform of transforms) {
    if (!KINDS.includes(transform.kind))
      throw new ConfigError(`transforms: expected kind ${KINDS.join(", ")}, got ${JSON.stringify(transform.kind)}.`);
    const expect = (field: string, expected: string, value: unknown, valid: boolean): void => {
      if (!valid)
        throw new ConfigError(
          `transforms.${transform.kind}.${field}: expected ${expected}, got ${JSON.stringify(value)}.`,
        );
    };
    if ("size" in transform)
      expect("size", "[height, width] of whole pixels", transform.size, transform.size.every(isPositiveInteger));
    if ("scale" in transform) {
      const { scale, ratio } = transform;
      expect("scale", "0 < low ≤ high ≤ 1", scale, 0 < scale[0] && scale[0] <= scale[1] && scale[1] <= 1);
      expect("ratio", "0 < low ≤ high", ratio, 0 < ratio[0] && ratio[0] <= ratio[1]);
    }
    if ("interpolation" in transform)
      expect(
        "interpolation",
        "bilinear or bicubic",
        transform.interpolation,
        ["bilinear", "bicubic"].includes(transform.interpolation),
      );
    if ("probability" in transform)
      expect("probability", "0 to 1", transform.probability, Math.abs((transform.probability ?? 0.5) - 0.5) <= 0.5);
    if (transform.kind === "normalize") schema.forEach(channelScale);
  }
}

const isPositiveInteger = (value: number): boolean => Number.isInteger(value) && value > 0;
