import { datasetSpec } from "@graticule/classify";
import { type Logger, makeRandom } from "@graticule/core";
import {
  type ChannelSchema,
  type Dataset,
  type Loader,
  makeLoader,
  measureChannels,
  openDataset,
  type TransformSpec,
} from "@graticule/data";
import type { PretrainConfig } from "./pretrain-config.js";

/** Measures each channel's mean and deviation on a seeded draw of the training images. */
export async function measureTrainingChannels(config: PretrainConfig): Promise<ChannelSchema> {
  const dataset: Dataset = await openDataset(datasetSpec(config.data, "train"));
  const draw = makeRandom(config.seed, "statistics").permutation(dataset.length);
  const { schema } = await measureChannels(dataset, draw.subarray(0, config.loader.statisticsSamples));
  return schema;
}

/** Opens the augmented, normalized training images. */
export async function openTrainingLoader(
  config: PretrainConfig,
  schema: ChannelSchema,
  logger: Logger,
): Promise<Loader> {
  const { augment, model, loader, train, seed } = config;
  const dataset = datasetSpec(config.data, "train");
  const { length } = await openDataset(dataset);
  const flips: TransformSpec[] = [];
  if (augment.horizontalFlip) flips.push({ kind: "horizontalFlip" });
  if (augment.verticalFlip) flips.push({ kind: "verticalFlip" });
  return makeLoader({
    dataset,
    schema,
    batchSize: train.microBatchSize,
    seed,
    shuffle: true,
    dropLast: length >= train.microBatchSize,
    transforms: [
      {
        kind: "randomResizedCrop",
        size: model.imageSize,
        scale: augment.cropScale,
        ratio: [3 / 4, 4 / 3],
        interpolation: augment.interpolation,
      },
      ...flips,
      { kind: "normalize" },
    ],
    numWorkers: loader.numWorkers,
    prefetchBatches: loader.prefetchBatches,
    onCorrupt: loader.onCorrupt,
    logger,
  });
}
