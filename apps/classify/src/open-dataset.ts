import type { DatasetSpec } from "@graticule/data";
import { imageFolderSpec, landsat7Path, landsat7Schema, sceneTilesSpec } from "@graticule/data-geotiff";
import type { DataConfig } from "./data-config.js";

export type Split = "train" | "val" | "test";

/** Describes one split of a run's data, so that the loader and its worker threads open the same dataset. */
export function datasetSpec(data: DataConfig, split: Split): DatasetSpec {
  const { bands, splitFractions, splitSeed: seed } = data;
  const common = { split, splitFractions, seed, ...(bands && { bands }) };
  if (data.kind === "image-folder") return imageFolderSpec({ ...common, root: data.root });
  const { tileSize, stride, blockTiles, weakLabels } = data;
  return sceneTilesSpec({
    ...common,
    path: data.path ?? landsat7Path(),
    ...(data.path === undefined && !bands && { schema: landsat7Schema }),
    tileSize: [tileSize, tileSize],
    stride: [stride, stride],
    blockTiles,
    ...(weakLabels && { weakLabels }),
  });
}
