import { ConfigError, type Logger } from "@graticule/core";
import { type ChannelSchema, type Loader, makeLoader, openDataset, type TransformSpec } from "@graticule/data";
import { datasetSpec, type Split } from "../open-dataset.js";
import { normalizations } from "../weights/named-families.js";
import type { ImageTextFinetuneConfig } from "./image-text-config.js";

const { names, mean, std, scale } = normalizations.half;

/** Red, green and blue from −1 to 1, which SigLIP's weights were trained with. */
export const rgbSchema: ChannelSchema = names.map((name, index) => {
  return { name, mean: scale * (mean[index] as number), std: scale * (std[index] as number) };
});

type DataSettings = Pick<ImageTextFinetuneConfig, "seed" | "data" | "loader" | "augment" | "train">;

/** Opens a split's images at a size, those for training in an order and with flips of their own. */
export async function openQuestionImages(
  { seed, data, loader, augment, train }: DataSettings,
  split: Split,
  size: readonly [number, number],
  logger: Logger,
): Promise<Loader & { readonly classNames: readonly string[] }> {
  const dataset = datasetSpec(data, split);
  const isTraining = split === "train";
  const resize = { size, interpolation: "bicubic" } as const;
  const { cropScale } = augment;
  const transforms: TransformSpec[] = [
    isTraining && cropScale[0] < 1
      ? { kind: "randomResizedCrop", ...resize, scale: cropScale, ratio: [3 / 4, 4 / 3] }
      : { kind: "resize", ...resize },
  ];
  if (isTraining && augment.horizontalFlip) transforms.push({ kind: "horizontalFlip" });
  if (isTraining && augment.verticalFlip) transforms.push({ kind: "verticalFlip" });
  const { length, close } = await openDataset(dataset);
  await close?.();
  const opened = await makeLoader({
    ...{ dataset, schema: rgbSchema, batchSize: train.microBatchSize, seed, shuffle: isTraining, logger },
    dropLast: isTraining && length >= train.microBatchSize,
    transforms: [...transforms, { kind: "normalize" }],
    ...{ numWorkers: isTraining ? loader.numWorkers : 0, prefetchBatches: loader.prefetchBatches },
    onCorrupt: loader.onCorrupt,
  });
  const { classNames = [] } = opened;
  if (classNames.length > 0) return { ...opened, classNames };
  await opened.close();
  throw new ConfigError(
    `image-text finetune: expected images in class folders, got none in split '${split}'. Lay the images out as root/class/*.`,
  );
}
