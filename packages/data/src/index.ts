/**
 * Datasets, the loader that turns them into batches, and what prepares their pixels.
 *
 * ```ts
 * import { makeLoader } from "@graticule/data";
 * import { imageFolderSpec } from "@graticule/data-geotiff";
 * const loader = await makeLoader({
 *   dataset: imageFolderSpec({ root: "scenes", split: "train" }),
 *   batchSize: 64, seed: 42, shuffle: true, dropLast: true, numWorkers: 2, prefetchBatches: 4, onCorrupt: "skip",
 *   transforms: [
 *     { kind: "randomResizedCrop", size: [64, 64], scale: [0.2, 1], ratio: [3 / 4, 4 / 3], interpolation: "bicubic" },
 *     { kind: "horizontalFlip" },
 *   ],
 * });
 * for await (const batch of loader.epoch(0)) step(batch.images, batch.shape);
 * await loader.close();
 * ```
 */
export type { Batch, DataPosition, SkippedSample } from "./batch.js";
export type { LoaderSpan } from "./batch-maker.js";
export {
  assertChannelCount,
  assertSameChannels,
  assertSameSchema,
  type Channel,
  type ChannelSchema,
} from "./channel-schema.js";
export {
  type ChannelStatistics,
  makeStatisticsCollector,
  measureChannels,
  type StatisticsCollector,
  withStatistics,
} from "./channel-statistics.js";
export { centeredBox, drawCropBox } from "./crop-box.js";
export {
  type ByteSample,
  type Dataset,
  type DatasetSpec,
  type DirectReads,
  type Draw,
  type JsonValue,
  openDataset,
  type Sample,
  type SampleArray,
} from "./dataset.js";
export { type Checksum, verifyChecksum } from "./download/checksum.js";
export { type DownloadOptions, downloadFile } from "./download/download-file.js";
export { type ExtractOptions, extractArchive } from "./download/extract-archive.js";
export { epochOrder } from "./epoch-order.js";
export type { Shard } from "./epoch-slices.js";
export { type Loader, type LoaderOptions, makeLoader } from "./loader.js";
export type { MixOptions } from "./mix-samples.js";
export { pickPlaces } from "./pick-places.js";
export type { ErasedRectangle } from "./random-erasing.js";
export { type Box, type ByteImage, type Image, type Interpolation, resample } from "./resample.js";
export { makeScaleCheck } from "./scale-check.js";
export type { ShardDtype } from "./shards/channel-codec.js";
export { writeDurably } from "./shards/durable-file.js";
export { type PackDatasetOptions, packDataset } from "./shards/pack-dataset.js";
export {
  openPackedShards,
  type PackedShards,
  type PackedShardsOptions,
  packedShardsSpec,
} from "./shards/packed-shards.js";
export { openShardWriter, type ShardRecord, type ShardWriter, type ShardWriterOptions } from "./shards/shard-writer.js";
export { assertByteRange, type ByteSource, makeMemorySource } from "./sources/byte-source.js";
export { expandPaths } from "./sources/expand-paths.js";
export { openFileSource } from "./sources/file-source.js";
export type { HttpClock } from "./sources/http-clock.js";
export { HttpError } from "./sources/http-error.js";
export type { HttpOptions } from "./sources/http-request.js";
export { fetchObject, type HttpSourceOptions, openHttpSource } from "./sources/http-source.js";
export { openByteSource, resolveAddress } from "./sources/open-byte-source.js";
export { type ByteRange, readRanges } from "./sources/read-ranges.js";
export { SPLITS, type SpatialTilesOptions, type Split, spatialSplit, spatialTiles } from "./spatial-tiles.js";
export { stratifiedSplit } from "./stratified-split.js";
export { beginWork, endRead, endWork, threadWork, type WorkSpan } from "./thread-work.js";
export {
  applyTransforms,
  assertTransforms,
  centerCrop,
  flipHorizontal,
  flipVertical,
  normalize,
  type TransformContext,
  type TransformSpec,
} from "./transform.js";
