import { datasetSpec, gatherChannels, type RankShare } from "@graticule/classify";
import { ConfigError, makeRandom } from "@graticule/core";
import {
  type ChannelSchema,
  type Dataset,
  type DatasetSpec,
  type Loader,
  type LoaderOptions,
  makeLoader,
  measureChannels,
  openDataset,
  type TransformSpec,
} from "@graticule/data";
import type { PretrainConfig } from "./pretrain-config.js";

/** Area of the random crop as a share of an image. Source: He et al. 2022, appendix A.1, arXiv:2111.06377. */
const IMAGE_CROP_SCALE = [0.2, 1] as const;

/** Measures each channel's mean and deviation on a seeded draw of the training images. */
export async function measureTrainingChannels(config: PretrainConfig): Promise<ChannelSchema> {
  const dataset: Dataset = await openDataset(datasetSpec(config.data, "train"));
  const draw = makeRandom(config.seed, "statistics").permutation(dataset.length);
  const { schema } = await measureChannels(dataset, draw.subarray(0, config.loader.statisticsSamples));
  return schema;
}

type LoaderShare = Pick<RankShare, "batchSize" | "shard" | "logger" | "mesh">;

/**
 * Makes a loader of whole images: this rank reads its own channels, if these are not all, and gets the others, whose pixels
 * the loss needs, of the ranks that do.
 */
async function makeWholeLoader(
  options: LoaderOptions & { readonly schema: ChannelSchema },
  { mesh }: LoaderShare,
  ownChannels: readonly number[],
): Promise<Loader> {
  if (ownChannels.length === options.schema.length) return makeLoader(options);
  const loader = await makeLoader({ ...options, dataset: { ...options.dataset, channels: ownChannels } });
  return gatherChannels(loader, mesh.axis("tp"), ownChannels);
}

/** Opens the augmented, normalized training images, this rank's share of each batch. */
export async function openTrainingLoader(
  config: PretrainConfig,
  schema: ChannelSchema,
  share: LoaderShare,
  ownChannels: readonly number[],
): Promise<Loader> {
  const { batchSize, shard, logger } = share;
  const { augment, loader, train, seed } = config;
  const dataset = datasetSpec(config.data, "train");
  const { length } = await openDataset(dataset);
  const flips: TransformSpec[] = [];
  if (augment.horizontalFlip) flips.push({ kind: "horizontalFlip" });
  if (augment.verticalFlip) flips.push({ kind: "verticalFlip" });
  const options = {
    dataset,
    schema,
    batchSize,
    shard,
    seed,
    shuffle: true,
    dropLast: length >= train.microBatchSize,
    transforms: [cropTransform(config), ...flips, { kind: "normalize" }],
    numWorkers: loader.numWorkers,
    prefetchBatches: loader.prefetchBatches,
    onCorrupt: loader.onCorrupt,
    logger,
  } satisfies LoaderOptions;
  return makeWholeLoader(options, share, ownChannels);
}

/** Crops of cubes are drawn at their own resolution already; images are cropped at random. */
function cropTransform({ augment, data, model }: PretrainConfig): TransformSpec {
  const scale = augment.cropScale ?? (data.kind === "cubes" ? undefined : IMAGE_CROP_SCALE);
  const { interpolation } = augment;
  return scale === undefined
    ? { kind: "resize", size: model.imageSize, interpolation }
    : { kind: "randomResizedCrop", size: model.imageSize, scale, ratio: [3 / 4, 4 / 3], interpolation };
}

/** The first of some splits that has images; undefined where none has. */
export async function findHeldOut(
  config: PretrainConfig,
  splits: readonly ("val" | "test")[],
): Promise<DatasetSpec | undefined> {
  for (const split of splits)
    try {
      const spec = datasetSpec(config.data, split);
      const dataset = await openDataset(spec);
      await dataset.close?.();
      if (dataset.length > 0) return spec;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  return undefined;
}

/** Opens this rank's share of held-out images as the model sees them, in order; undefined if nobody asks for validation. */
export async function openValidation(
  config: PretrainConfig,
  schema: ChannelSchema,
  share: LoaderShare,
  ownChannels: readonly number[],
): Promise<Loader | undefined> {
  const { batchSize, shard, logger } = share;
  if (config.train.validateEveryEpochs === undefined) return undefined;
  const dataset = await findHeldOut(config, ["val", "test"]);
  if (!dataset)
    throw new ConfigError(
      "train.validateEveryEpochs: expected held-out images, got none in splits val and test. Leave it out, or choose other data.splitFractions.",
    );
  const options = {
    dataset,
    schema,
    batchSize,
    shard,
    seed: 0,
    shuffle: false,
    dropLast: false,
    transforms: [
      { kind: "resize", size: config.model.imageSize, interpolation: config.augment.interpolation },
      { kind: "normalize" },
    ],
    numWorkers: 0,
    prefetchBatches: 1,
    onCorrupt: config.loader.onCorrupt,
    logger,
  } satisfies LoaderOptions;
  return makeWholeLoader(options, share, ownChannels);
}
