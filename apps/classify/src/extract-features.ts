import { type Logger, silentLogger } from "@graticule/core";
import { type DatasetSpec, type Loader, makeLoader, type SkippedSample } from "@graticule/data";
import { downsampledPixelFeatures, type LabelledFeatures } from "@graticule/eval";
import { tensor4d } from "@tensorflow/tfjs-core";
import type { Encoder } from "./encoder.js";

/** Features of a split, with what could not be read. */
export interface ExtractedFeatures extends LabelledFeatures {
  readonly classNames: readonly string[];
  /** Each row's index in the dataset. */
  readonly indices: Int32Array;
  readonly skipped: readonly SkippedSample[];
}

export interface ExtractOptions {
  readonly dataset: DatasetSpec;
  readonly batchSize: number;
  readonly numWorkers: number;
  /** Hears of data that don't fit the encoder's statistics; silent if absent. */
  readonly logger?: Logger;
}

/** Sends a split through a frozen encoder, resized to what the encoder sees. */
export function extractFeatures(encoder: Encoder, options: ExtractOptions): Promise<ExtractedFeatures> {
  return collect(encoder, options, async (images, shape) => {
    const input = tensor4d(images, [...shape]);
    const features = encoder.features(input);
    const values = await features.data();
    input.dispose();
    features.dispose();
    return values as Float32Array;
  });
}

/** Baseline without learning: normalized pixels, averaged over a grid of `side` × `side` blocks. */
export function extractPixels(encoder: Encoder, options: ExtractOptions, side = 8): Promise<ExtractedFeatures> {
  return collect(encoder, options, async (images, [batchSize, ...shape]) => {
    const size = shape[0] * shape[1] * shape[2];
    const grid = [Math.min(side, shape[1]), Math.min(side, shape[2])] as const;
    const rows = Array.from({ length: batchSize }, (_, index) =>
      downsampledPixelFeatures(images.subarray(index * size, (index + 1) * size), shape, grid),
    );
    return concatenate(rows);
  });
}

type Shape = readonly [batch: number, channels: number, height: number, width: number];

async function collect(
  { imageSize, schema }: Encoder,
  { dataset, batchSize, numWorkers, logger = silentLogger }: ExtractOptions,
  embed: (images: Float32Array, shape: Shape) => Promise<Float32Array>,
): Promise<ExtractedFeatures> {
  const loader: Loader = await makeLoader({
    dataset,
    schema,
    batchSize,
    seed: 0,
    shuffle: false,
    dropLast: false,
    transforms: [{ kind: "resize", size: imageSize, interpolation: "bicubic" }, { kind: "normalize" }],
    numWorkers,
    prefetchBatches: 2,
    onCorrupt: "skip",
    logger,
  });
  const values: Float32Array[] = [];
  const labels: number[] = [];
  const indices: number[] = [];
  const skipped: SkippedSample[] = [];
  try {
    for await (const batch of loader.epoch(0)) {
      values.push(await embed(batch.images, batch.shape));
      labels.push(...batch.labels);
      indices.push(...batch.indices);
      skipped.push(...batch.skipped);
    }
  } finally {
    await loader.close();
  }
  const classNames = loader.classNames ?? [];
  return {
    values: concatenate(values),
    labels: Int32Array.from(labels),
    indices: Int32Array.from(indices),
    numClasses: classNames.length,
    classNames,
    skipped,
  };
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
