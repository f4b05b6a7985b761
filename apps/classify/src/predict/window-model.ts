import type { Logger } from "@graticule/core";
import { makeRandom } from "@graticule/core";
import {
  applyTransforms,
  type ByteImage,
  type ChannelSchema,
  type Image,
  makeScaleCheck,
  type TransformSpec,
} from "@graticule/data";
import type { BandSelection, WindowScores } from "@graticule/data-geotiff";
import { classifyBatch, openImageClassifier } from "./image-classifier.js";
import { type OutputMeaning, scoreNames } from "./output-meaning.js";

/** What scores windows of a raster. */
export interface WindowModel {
  /** Changes with everything that the scores follow from. */
  readonly hash: string;
  /** What it sees. Units: pixels. */
  readonly imageSize: readonly [height: number, width: number];
  /** Channels with the mean and std that they are normalized by. */
  readonly schema: ChannelSchema;
  /** Bands that the run took of its files, in the schema's order; all if absent. */
  readonly bands?: BandSelection;
  readonly meaning: OutputMeaning;
  /** Whether it tells of places in a window, or of the window as a whole. */
  readonly isDense: boolean;
  /**
   * Scores normalized windows.
   *
   * Shape: `[B, C, H, W]` → `[B, height, width, K]`, 1 by 1 places unless it is dense.
   */
  windowScores(images: Float32Array): Promise<{
    readonly scores: Float32Array;
    readonly height: number;
    readonly width: number;
  }>;
  dispose(): void;
}

/** Opens what a run classifies windows with, on the backend that is open. @throws {MismatchError} as `openImageClassifier`. */
export async function openWindowModel(runFolder: string): Promise<WindowModel> {
  const classifier = await openImageClassifier(runFolder);
  const { encoder, classNames, hash, bands } = classifier;
  const { imageSize, schema } = encoder;
  return {
    ...{ hash, imageSize, schema },
    ...(bands && { bands }),
    meaning: { kind: "classes", activation: "softmax", classNames },
    isDense: false,
    windowScores: async (images) => ({ scores: await classifyBatch(classifier, images), height: 1, width: 1 }),
    dispose: () => encoder.dispose(),
  };
}

/** Resizes an image in a file's own numbers to what a model sees, and normalizes it. Shape: `[C, H, W] → [C, h, w]`. */
export function prepareImage({ imageSize, schema }: WindowModel, image: Image | ByteImage): Float32Array {
  return applyTransforms(image, preparation(imageSize), { random: NO_DRAWS, schema }).pixels;
}

/** Neither step of the preparation draws. */
const NO_DRAWS = makeRandom(0);

const preparation = (imageSize: WindowModel["imageSize"]): TransformSpec[] => [
  { kind: "resize", size: imageSize, interpolation: "bicubic" },
  { kind: "normalize" },
];

/** Makes what scores windows in a raster's own numbers together. The logger hears of a first batch that doesn't fit the model's statistics. */
export function makeWindowScorer(
  model: WindowModel,
  logger: Logger,
): (images: readonly Image[]) => Promise<WindowScores[]> {
  const { imageSize, schema } = model;
  const checkScale = makeScaleCheck({ transforms: preparation(imageSize), schema }, logger);
  return async (images) => {
    const prepared = images.map((image) => prepareImage(model, image));
    return scorePrepared(model, prepared, (batch) =>
      checkScale({ images: batch, shape: [prepared.length, schema.length, ...imageSize] }),
    );
  };
}

/** Scores prepared images together. `look` sees the batch before. */
export async function scorePrepared(
  model: WindowModel,
  images: readonly Float32Array[],
  look?: (batch: Float32Array) => void,
): Promise<WindowScores[]> {
  const size = images[0]?.length ?? 0;
  const batch = new Float32Array(images.length * size);
  for (const [index, image] of images.entries()) batch.set(image, index * size);
  look?.(batch);
  const { scores, height, width } = await model.windowScores(batch);
  const length = height * width * scoreNames(model.meaning).length;
  return images.map((_, index) => ({ values: scores.subarray(index * length, (index + 1) * length), height, width }));
}
