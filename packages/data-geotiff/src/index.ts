/**
 * Rasters, image folders and scenes as datasets.
 *
 * ```ts
 * import { openImageFolder, openRaster, sceneTilesSpec } from "@graticule/data-geotiff";
 * const scenes = await openImageFolder({ root: "eurosat", split: "train", bands: [3, 2, 1] });
 * const { pixels, shape } = await scenes.read(0); // [3, H, W]
 *
 * const raster = await openRaster("L7_ETMs.tif");
 * const corner = await raster.readWindow({ row: 0, column: 0, height: 64, width: 64 }); // [6, 64, 64]
 * const tiles = sceneTilesSpec({ path: "L7_ETMs.tif", tileSize: [32, 32], split: "train" }); // for makeLoader
 *
 * const writer = await openCogWriter("water.tif", { width, height, dtype: "uint8", epsg: raster.epsg, nodata: 255 });
 * await writer.writeWindow({ row: 0, column: 0, height: 512, width }, classes);
 * await writer.close();
 * ```
 */
export type { Split } from "@graticule/data";
export { type BandSelection, selectBands } from "./band-selection.js";
export type { FetchOptions } from "./benchmarks/benchmark-files.js";
export { type BigEarthNetOptions, bigEarthNetSpec, openBigEarthNet } from "./benchmarks/big-earth-net.js";
export { BIG_EARTH_NET_19, BIG_EARTH_NET_43 } from "./benchmarks/big-earth-net-classes.js";
export { openSceneBenchmark, type SceneBenchmarkOptions, sceneBenchmarkSpec } from "./benchmarks/scene-benchmark.js";
export {
  type BenchmarkFile,
  SCENE_BENCHMARKS,
  type SceneBenchmark,
  type SceneBenchmarkName,
} from "./benchmarks/scene-benchmarks.js";
export { type BlendWindowsOptions, blendWindows, windowsOf } from "./blending/blend-windows.js";
export type { BlendedStrip, WindowScores } from "./blending/strip-blender.js";
export type { WindowPlan } from "./blending/window-plan.js";
export { type Crs, makePointTransform, type PointTransform, parseCrs, sameCrs, wgs84 } from "./crs/crs.js";
export type { GeoKeyTables } from "./crs/geo-keys.js";
export { utmCrs } from "./crs/utm.js";
export { listImagePaths } from "./folder-listing.js";
export type { Georeference } from "./georeference.js";
export { type GeoTransform, invertTransform, offsetTransform, scaleTransform, toMap } from "./grid/geo-transform.js";
export { type Bounds, boundsIn, type Grid, gridBounds, gridOf } from "./grid/grid.js";
export { type GridMethod, type GridSource, type ResampleOptions, resampleToGrid } from "./grid/resample-to-grid.js";
export { type ImageFile, openImageBytes } from "./image-file.js";
export { type ImageFilesOptions, imageFilesSpec, openImageFiles } from "./image-files.js";
export { type ImageFolderOptions, imageFolderSpec, openImageFolder } from "./image-folder.js";
export { landsat7Path, landsat7Schema } from "./landsat7.js";
export {
  type GeoPatchesOptions,
  geoPatchesSpec,
  openGeoPatches,
  type PatchLayer,
  type PatchSampler,
} from "./patches/geo-patches.js";
export { openScenes, type Scene, type ScenePaths } from "./patches/scenes.js";
export { openTimeStacks, type TimeStacks, type TimeStacksOptions, timeStacksSpec } from "./patches/time-stacks.js";
export { openRaster, openRasterFrom, openRasterImages, type Raster, type RasterOptions } from "./raster.js";
export { levelFor, type RasterLevel, type RasterWindow } from "./raster-level.js";
export { openSceneTiles, type SceneTiles, type SceneTilesOptions, sceneTilesSpec } from "./scene-tiles.js";
export { mndwi, ndvi, normalizedDifference } from "./spectral-index.js";
export { makeSpectralLabeler, SPECTRAL_CLASSES, type SpectralLabelBands } from "./spectral-labels.js";
export type { RasterDtype } from "./tiff-layout.js";
export type { CogCompression } from "./writing/block-encoder.js";
export type { CogOptions } from "./writing/cog-plan.js";
export { type CogWriter, openCogWriter } from "./writing/cog-writer.js";
export type { OverviewResampling } from "./writing/downsample.js";
