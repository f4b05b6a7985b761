import { basename } from "node:path";
import { datasetSpec } from "@graticule/classify";
import { ConfigError, makeRandom } from "@graticule/core";
import { type ChannelSchema, resample, spatialSplit } from "@graticule/data";
import { type CubeCropsOptions, openCubeCrops } from "@graticule/data-hyperspectral";
import { type FilledImage, fillIn } from "./fill-in.js";
import type { MaskedModel } from "./masked-model.js";
import type { PretrainConfig } from "./pretrain-config.js";
import { HELD_OUT_SEED } from "./validation-loss.js";

/** One pixel's values over the bands, true and as the model fills them in. Units: the data's. */
export interface PixelSpectrum {
  /** The cube and the pixel's place. */
  readonly label: string;
  readonly truth: readonly number[];
  /** NaN in bands that the model saw. */
  readonly reconstruction: readonly number[];
}

/** Masks drawn before one must have hidden the pixel: at a ratio of 0.05 still 99.4 % do. */
const MAX_DRAWS = 100;

/** The middle pixel of a patch of which something is hidden, drawn by seed. */
export function hiddenPixel(
  model: MaskedModel,
  image: FilledImage,
  channels: number,
  seed: number,
): [row: number, column: number] {
  const { imageSize, patchSize } = model;
  const across = imageSize[1] / patchSize;
  const patches = Array.from({ length: (imageSize[0] / patchSize) * across }, (_, patch) => patch);
  const hidden = patches.filter((patch) =>
    Array.from({ length: channels }, (_, channel) => channel).some((channel) => image.isHidden(patch, channel)),
  );
  const patch = hidden[makeRandom(seed, "hidden pixel").integer(hidden.length)] as number;
  const middle = Math.floor(patchSize / 2);
  return [Math.floor(patch / across) * patchSize + middle, (patch % across) * patchSize + middle];
}

/** A pixel's spectrum in a filled image. */
export function spectrumAt(
  { input, masked, reconstruction }: FilledImage,
  [height, width]: readonly [number, number],
  [row, column]: readonly [number, number],
): Pick<PixelSpectrum, "truth" | "reconstruction"> {
  const places = Array.from(
    { length: input.length / (height * width) },
    (_, channel) => (channel * height + row) * width + column,
  );
  return {
    truth: places.map((place) => input[place] as number),
    reconstruction: places.map((place) =>
      Number.isNaN(masked[place]) ? (reconstruction[place] as number) : Number.NaN,
    ),
  };
}

/**
 * Fills in the pixels that a configuration names, each in a crop around it, under the first mask that hides it.
 *
 * @throws {ConfigError} if a pixel lies outside its cube.
 */
export async function chosenSpectra(
  model: MaskedModel,
  schema: ChannelSchema,
  config: PretrainConfig,
): Promise<PixelSpectrum[]> {
  const { data } = config;
  const { pixels = [] } = config.report;
  if (pixels.length === 0) return [];
  if (data.kind !== "cubes")
    throw new ConfigError(`report.pixels: expected data of kind 'cubes', got '${data.kind}'. Leave it out.`);
  const { split: _, ...whole } = datasetSpec(data, "val").options as unknown as CubeCropsOptions;
  const crops = await openCubeCrops(whole);
  const [height, width] = data.cropSize;
  const spectra: PixelSpectrum[] = [];
  for (const { cube: index, row, column } of pixels) {
    const cube = crops.cubes[index];
    if (!cube) throw new ConfigError(`report.pixels: expected cube 0 to ${crops.cubes.length - 1}, got ${index}.`);
    if (row >= cube.height || column >= cube.width)
      throw new ConfigError(
        `report.pixels: expected a pixel of ${cube.height} rows by ${cube.width} columns in ${cube.path}, got row ${row}, column ${column}.`,
      );
    const around = (place: number, size: number, all: number) =>
      Math.max(0, Math.min(all - size, place - Math.floor(size / 2)));
    const crop = { row: around(row, height, cube.height), column: around(column, width, cube.width), height, width };
    const window = await cube.readWindow({ ...crop, bands: crops.bands });
    const shape = [schema.length, height, width] as const;
    const { pixels: input } = resample(
      { pixels: window, shape },
      { row: 0, column: 0, height, width },
      model.imageSize,
      "bicubic",
    );
    const place: [number, number] = [
      Math.floor(((row - crop.row) * model.imageSize[0]) / height),
      Math.floor(((column - crop.column) * model.imageSize[1]) / width),
    ];
    const image = await fillHiding(model, schema, input, place);
    const tiling = {
      tileSize: data.cropSize,
      splitFractions: data.splitFractions,
      blockTiles: data.blockTiles,
      seed: data.splitSeed,
    };
    const split = spatialSplit(cube, tiling)({ row, column, height: 1, width: 1 });
    spectra.push({
      label: `${basename(cube.path)}, row ${row}, column ${column} (${split})`,
      ...spectrumAt(image, model.imageSize, place),
    });
  }
  await crops.close();
  return spectra;
}

/** Fills an image in under the first mask that hides a pixel's patch, or some of its bands. */
async function fillHiding(
  model: MaskedModel,
  schema: ChannelSchema,
  input: Float32Array,
  [row, column]: readonly [number, number],
): Promise<FilledImage> {
  const { patchSize, imageSize } = model;
  const patch = Math.floor(row / patchSize) * (imageSize[1] / patchSize) + Math.floor(column / patchSize);
  for (let epoch = 0; ; epoch++) {
    const image = await fillIn(model, schema, input, { seed: HELD_OUT_SEED, epoch, indices: [0] });
    if (epoch === MAX_DRAWS || schema.some((_, channel) => image.isHidden(patch, channel))) return image;
  }
}
