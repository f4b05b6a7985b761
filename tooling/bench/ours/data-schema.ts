import { type ChannelSchema, type DatasetSpec, openDataset } from "@graticule/data";

/** A dataset's channels with one mean and std for all, for `normalize`; undefined without them. */
export async function benchSchema(
  dataset: DatasetSpec,
  scale: readonly [mean: number, std: number] | undefined,
): Promise<ChannelSchema | undefined> {
  if (!scale) return undefined;
  const [mean, std] = scale;
  return (await openDataset(dataset)).schema.map((channel) => ({ ...channel, mean, std }));
}
