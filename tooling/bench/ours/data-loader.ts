import { type ChannelSchema, type DatasetSpec, type Loader, makeLoader, openDataset } from "@graticule/data";
import type { DataCase } from "../data/data-case.js";

export interface BenchLoaderOptions extends Pick<DataCase, "dataset" | "transforms" | "scale" | "batch"> {
  readonly workers: number;
  readonly prefetchBatches: number;
}

/** The loader of a path, shuffled, over whole batches. */
export async function openBenchLoader({
  dataset,
  transforms = [],
  scale,
  batch,
  workers,
  prefetchBatches,
}: BenchLoaderOptions): Promise<Loader> {
  const schema = await scaledSchema(dataset, scale);
  return makeLoader({
    dataset,
    ...(schema && { schema }),
    batchSize: batch,
    seed: 0,
    shuffle: true,
    dropLast: true,
    transforms,
    numWorkers: workers,
    prefetchBatches,
    onCorrupt: "fail",
  });
}

/** A dataset's channels with one mean and std for all, for `normalize`; undefined without them. */
async function scaledSchema(dataset: DatasetSpec, scale: DataCase["scale"]): Promise<ChannelSchema | undefined> {
  if (!scale) return undefined;
  const [mean, std] = scale;
  return (await openDataset(dataset)).schema.map((channel) => ({ ...channel, mean, std }));
}
