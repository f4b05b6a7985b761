import { ConfigError } from "@graticule/core";
import type { DatasetSpec } from "@graticule/data";
import {
  bigEarthNetSpec,
  imageFolderSpec,
  imageTableSpec,
  landsat7Path,
  landsat7Schema,
  rasterPairsSpec,
  sceneTilesSpec,
} from "@graticule/data-geotiff";
import { type CubeCropsOptions, cubeCropsSpec } from "@graticule/data-hyperspectral";
import type { DataConfig } from "./data-config.js";
import { withoutUndefined } from "./without-undefined.js";

export type Split = "train" | "val" | "test";

/** Describes one split of a run's data, so that the loader and its worker threads open the same dataset. */
export function datasetSpec(data: DataConfig, split: Split): DatasetSpec {
  if (data.kind === "cubes") return cubesSpec(data, split);
  if (data.kind === "big-earth-net") {
    const { kind, splitSeed, ...rest } = data;
    return bigEarthNetSpec({ ...withoutUndefined(rest), split, seed: splitSeed });
  }
  const { bands, splitFractions, splitSeed: seed } = data;
  const common = { split, splitFractions, seed, ...(bands && { bands }) };
  if (data.kind === "image-folder") return imageFolderSpec({ ...common, root: data.root });
  if (data.kind === "raster-pairs") return rasterPairsSpec({ ...common, images: data.images, targets: data.targets });
  if (data.kind === "image-table")
    return imageTableSpec({ ...common, table: data.table, ...(data.root !== undefined && { root: data.root }) });
  const { tileSize, stride, blockTiles, weakLabels, target } = data;
  return sceneTilesSpec({
    ...common,
    ...(target !== undefined && { target }),
    path: data.path ?? landsat7Path(),
    ...(data.path === undefined && !bands && { schema: landsat7Schema }),
    tileSize: [tileSize, tileSize],
    stride: [stride, stride],
    blockTiles,
    ...(weakLabels && { weakLabels }),
  });
}

/** Training crops lie anywhere in their split, held-out ones side by side. */
function cubesSpec(data: Extract<DataConfig, { kind: "cubes" }>, split: Split): DatasetSpec {
  const { paths, labels, cropSize, bands, rangesNm, excludeNm, ignoreLabel, blockTiles, splitFractions } = data;
  const { variable, shape, pixelOrder, wavelengthUnit } = data;
  if (labels && labels.length !== paths.length)
    throw new ConfigError(`data.labels: expected one for each of ${paths.length} paths, got ${labels.length}.`);
  const options = withoutUndefined({ bands, ranges: rangesNm, exclude: excludeNm, ignoreLabel });
  const open = withoutUndefined({ variable, shape, pixelOrder, wavelengthUnit });
  return cubeCropsSpec({
    ...options,
    cubes: paths.map((path, index) => ({ path, ...(labels && { labels: labels[index] as string }) })),
    cropSize,
    split,
    splitFractions,
    seed: data.splitSeed,
    blockTiles,
    open,
    ...(split === "train" && {
      placing: "random",
      ...(data.cropsPerEpoch !== undefined && { cropsPerEpoch: data.cropsPerEpoch }),
    }),
  } satisfies CubeCropsOptions);
}
