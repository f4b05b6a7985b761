import { ConfigError } from "@graticule/core";
import type { Batch, Dataset, SampleArray } from "@graticule/data";

/** @throws {ConfigError} if samples have no array of that name, naming those that they have. */
export function targetArray(arrays: Batch["arrays"] | undefined, name: string): SampleArray {
  const found = arrays?.[name];
  if (found) return found;
  const names = Object.keys(arrays ?? {});
  throw new ConfigError(
    `task.target: expected data with an array '${name}', got ${names.length > 0 ? `those of ${names.join(", ")}` : "none"}. Set it to one of the data's, or use data.kind raster-pairs, image-table, big-earth-net, or scene with data.target.`,
  );
}

/** The target of each sample of a dataset, in turn. Reads all of it. */
export async function* readTargets(dataset: Dataset, name: string): AsyncGenerator<SampleArray> {
  for (let index = 0; index < dataset.length; index++) yield targetArray((await dataset.read(index)).arrays, name);
}
