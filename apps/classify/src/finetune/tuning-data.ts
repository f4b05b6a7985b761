import { ConfigError, type Logger } from "@graticule/core";
import { type ChannelSchema, type Loader, makeLoader, openDataset, type TransformSpec } from "@graticule/data";
import { datasetSpec, type Split } from "../open-dataset.js";
import type { RankShare } from "../ranks/rank-share.js";
import type { FinetuneConfig } from "./finetune-config.js";

/** The parts of the data that a run uses. */
export interface TuningSplits {
  /** What the best weights are chosen on. */
  readonly validation: "val" | "test";
  /** What the chosen weights are scored on. */
  readonly evaluation: "val" | "test";
}

/**
 * Which splits have images: weights are chosen on `val` and scored on `test`, both on the one that is there where the other
 * is not, with a warning.
 *
 * @throws {ConfigError} if neither has any.
 */
export async function findSplits(
  { data }: Pick<FinetuneConfig, "data">,
  logger: Pick<Logger, "warn">,
): Promise<TuningSplits> {
  const [hasVal, hasTest] = [await hasImages(data, "val"), await hasImages(data, "test")];
  if (!hasVal && !hasTest)
    throw new ConfigError(
      "finetune: expected held-out images, got none in splits val and test. Choose other data.splitFractions.",
    );
  if (!hasVal || !hasTest)
    logger.warn(
      `weights are chosen and scored on the same images, split '${hasVal ? "val" : "test"}', so that scores come out too high: the data have no other held-out split`,
    );
  return { validation: hasVal ? "val" : "test", evaluation: hasTest ? "test" : "val" };
}

async function hasImages(data: FinetuneConfig["data"], split: Split): Promise<boolean> {
  try {
    const dataset = await openDataset(datasetSpec(data, split));
    await dataset.close?.();
    return dataset.length > 0;
  } catch (error) {
    if (error instanceof ConfigError) return false;
    throw error;
  }
}

/** Source: Zhong et al. 2020, §4.2, arXiv:1708.04896. */
const ERASED = { area: [0.02, 0.4], ratio: [0.3, 1 / 0.3] } as const;

type LoaderShare = Pick<RankShare, "batchSize" | "shard" | "logger">;

/**
 * Opens the augmented training images, this rank's share of each batch, of the channels that it embeds; of all where
 * rectangles are erased, whose noise is drawn over all channels.
 *
 * @param ownChannels by place in the schema, rising.
 * @throws {ConfigError} if images are to be mixed whose targets are more than a class.
 */
export async function openTrainingImages(
  config: FinetuneConfig,
  schema: ChannelSchema,
  { batchSize, shard, logger }: LoaderShare,
  ownChannels: readonly number[],
): Promise<Loader> {
  const { augment, train, seed, model } = config;
  const whole = datasetSpec(config.data, "train");
  const { length } = await openDataset(whole);
  const readsOwn = ownChannels.length < schema.length && augment.erasing === 0;
  const dataset = readsOwn ? { ...whole, channels: ownChannels } : whole;
  const { cropScale, interpolation } = augment;
  const crop: TransformSpec =
    cropScale[0] === 1
      ? { kind: "resize", size: model.imageSize, interpolation }
      : { kind: "randomResizedCrop", size: model.imageSize, scale: cropScale, ratio: [3 / 4, 4 / 3], interpolation };
  const flips: TransformSpec[] = [];
  if (augment.horizontalFlip) flips.push({ kind: "horizontalFlip" });
  if (augment.verticalFlip) flips.push({ kind: "verticalFlip" });
  const { numWorkers, prefetchBatches, onCorrupt, balanceClasses } = config.loader;
  const { erasing: probability, mixup, cutmix } = augment;
  const { kind = "classification" } = config.task ?? {};
  if (mixup + cutmix > 0 && kind !== "classification")
    throw new ConfigError(
      `augment: expected mixup 0 and cutmix 0 for task ${kind}, got ${mixup} and ${cutmix}. They mix single classes alone.`,
    );
  const erasing: TransformSpec[] = probability > 0 ? [{ kind: "randomErasing", probability, ...ERASED }] : [];
  return makeLoader({
    ...{ dataset, schema, batchSize, shard, seed, shuffle: true, dropLast: length >= train.microBatchSize },
    transforms: [crop, ...flips, { kind: "normalize" }, ...erasing],
    ...{ numWorkers, prefetchBatches, onCorrupt, logger, balanceClasses },
    ...(mixup + cutmix > 0 && { mix: { mixup, cutmix } }),
  });
}

/** Opens this rank's share of held-out images as the model sees them, in order. */
export function openHeldOutImages(
  { data, model, augment, loader: { onCorrupt } }: Pick<FinetuneConfig, "data" | "model" | "augment" | "loader">,
  split: Split,
  schema: ChannelSchema,
  { batchSize, shard, logger }: LoaderShare,
): Promise<Loader> {
  const { interpolation } = augment;
  return makeLoader({
    ...{ dataset: datasetSpec(data, split), schema, batchSize, shard, seed: 0, shuffle: false, dropLast: false },
    transforms: [{ kind: "resize", size: model.imageSize, interpolation }, { kind: "normalize" }],
    ...{ numWorkers: 0, prefetchBatches: 1, onCorrupt, logger },
  });
}
