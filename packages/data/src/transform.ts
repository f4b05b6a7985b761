import { ConfigError, type Random, ShapeError } from "@graticule/core";
import { assertChannelCount, type ChannelSchema } from "./channel-schema.js";
import { centeredBox, drawCropBox } from "./crop-box.js";
import type { PixelMove } from "./pixel-moves.js";
import { type ErasedRectangle, eraseRectangle } from "./random-erasing.js";
import { type Box, type ByteImage, type Image, type Interpolation, resample } from "./resample.js";

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
  | { readonly kind: "normalize" }
  /** Erases a rectangle; `area` as a share of the image, `ratio` height to width. Behind `normalize`, as it puts noise. */
  | ({ readonly kind: "randomErasing"; readonly probability: number } & ErasedRectangle);

export interface TransformContext {
  readonly random: Random;
  readonly schema: ChannelSchema;
  /** Hears what moves pixels, so that maps on them can follow. */
  readonly moved?: (move: PixelMove) => void;
}

/**
 * Applies the steps in order; the input's pixels stay as they are. A flip and `normalize` right behind a crop or resize
 * are part of its pass, in float32. The result lies in `output` if that has its length and it was resampled.
 */
export function applyTransforms(
  image: Image | ByteImage,
  transforms: readonly TransformSpec[],
  context: TransformContext,
  output?: Float32Array,
): Image {
  let current = image;
  for (let step = 0; step < transforms.length; step++) {
    const transform = transforms[step] as TransformSpec;
    const box = resampledBox(current, transform, context);
    if (box === undefined) {
      // What an earlier step made may be changed: fresh memory costs more than the arithmetic.
      const mayOverwrite = current !== image;
      current = applyTransform(toPlanar(current), transform, context, mayOverwrite);
      continue;
    }
    const { size, interpolation } = transform as ResamplingSpec;
    const flip = transforms[step + 1];
    const isFlip = flip?.kind === "horizontalFlip";
    const mirrored = isFlip && context.random.float() < (flip.probability ?? 0.5);
    context.moved?.({ box, size });
    if (mirrored) context.moved?.("horizontal flip");
    if (isFlip) step += 1;
    const isNormalized = transforms[step + 1]?.kind === "normalize";
    if (isNormalized) step += 1;
    const scales = isNormalized ? channelScales(context.schema, current.shape[0]) : undefined;
    current = resample(current, box, size, interpolation, { pixels: output, mirrored, scales });
  }
  return toPlanar(current);
}

type ResamplingSpec = Extract<TransformSpec, { readonly interpolation: Interpolation }>;

/** What a step resamples; undefined for a step that doesn't. */
function resampledBox(
  { shape }: Image | ByteImage,
  transform: TransformSpec,
  context: TransformContext,
): Box | undefined {
  const [, height, width] = shape;
  if (transform.kind === "randomResizedCrop")
    return drawCropBox(height, width, transform.scale, transform.ratio, context.random);
  const isChanged = transform.kind === "resize" && (height !== transform.size[0] || width !== transform.size[1]);
  return isChanged ? { row: 0, column: 0, height, width } : undefined;
}

/** Shape: `[H, W, C] → [C, H, W]`. */
function toPlanar(image: Image | ByteImage): Image {
  if ("pixels" in image) return image;
  const { bytes, shape } = image;
  const [channels, height, width] = shape;
  const plane = height * width;
  const pixels = new Float32Array(channels * plane);
  for (let channel = 0; channel < channels; channel++)
    for (let to = channel * plane, from = channel; from < bytes.length; to++, from += channels)
      pixels[to] = bytes[from] as number;
  return { pixels, shape };
}

function applyTransform(
  image: Image,
  transform: TransformSpec,
  { random, schema, moved }: TransformContext,
  mayOverwrite: boolean,
): Image {
  switch (transform.kind) {
    case "randomResizedCrop":
    case "resize":
      return image; // Of its size already: others were resampled.
    case "centerCrop": {
      const [, height, width] = image.shape;
      const { size } = transform;
      moved?.({ box: centeredBox(height, width, ...size), size });
      return centerCrop(image, size);
    }
    case "horizontalFlip":
      if (random.float() >= (transform.probability ?? 0.5)) return image;
      moved?.("horizontal flip");
      return flipHorizontal(image, mayOverwrite ? image.pixels : undefined);
    case "verticalFlip":
      if (random.float() >= (transform.probability ?? 0.5)) return image;
      moved?.("vertical flip");
      return flipVertical(image);
    case "normalize":
      return normalize(image, schema, mayOverwrite ? image.pixels : undefined);
    case "randomErasing":
      return random.float() < transform.probability
        ? eraseRectangle(image, transform, random, mayOverwrite ? image.pixels : undefined)
        : image;
  }
}

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
  const plane = shape[1] * shape[2];
  for (const [index, { mean, std }] of channelScales(schema, shape[0]).entries()) {
    for (let position = index * plane; position < (index + 1) * plane; position++) {
      const value = ((pixels[position] as number) - mean) / std;
      normalized[position] = Number.isNaN(value) ? 0 : value;
    }
  }
  return { pixels: normalized, shape };
}

function channelScales(schema: ChannelSchema, channels: number): { mean: number; std: number }[] {
  assertChannelCount("normalize", schema, channels);
  return schema.map(channelScale);
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
  "randomErasing",
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
    if ("area" in transform) {
      const { area, ratio } = transform;
      expect("area", "0 < low ≤ high < 1", area, 0 < area[0] && area[0] <= area[1] && area[1] < 1);
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
