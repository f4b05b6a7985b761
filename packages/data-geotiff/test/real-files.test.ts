import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeLoader, makeStatisticsCollector } from "@graticule/data";
import { describe, expect, test } from "vitest";
import { imageFolderSpec, openImageFolder, openRaster } from "../src/index.js";

const root = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";

/** File, [width, height, bands], type, EPSG; range and standard deviation as GDAL gives them, nodata values included. */
type Facts = readonly [
  string,
  readonly [number, number, number],
  string,
  number | undefined,
  readonly [number, number],
  number,
];

const FACTS: readonly Facts[] = [
  // 13 bands in strips, uncompressed
  ["scene/eurosat_ms_small/AnnualCrop/AnnualCrop_1.tif", [64, 64, 13], "uint16", 32635, [9, 3490], 711.1],
  // big-endian, deflate by its old code
  ["geotiff/sentinel2_eotdl/Boadella_2020-01-13.tif", [380, 377, 12], "int16", 4326, [537, 5096], 736.2],
  ["geotiff/landsat7_stack/LE70220491999322EDC01_stack.gtif", [250, 250, 8], "int16", 32615, [0, 5138], 1189],
  ["geotiff/landsat7_6band/L7_ETMs.tif", [349, 352, 6], "uint8", 31985, [1, 255], 27.63],
  // LZW, float32
  ["geotiff/hls_terratorch/segmentation_test_0_input.tif", [224, 224, 10], "float32", 32614, [-1597, 11317], 1284],
  // tiled with overviews
  ["geotiff/cog_riotiler/cog.tif", [2658, 2667, 1], "uint16", 32621, [1, 7872], 2270],
  ["geotiff/cog_riotiler/cog_int16.tif", [2658, 2667, 1], "int16", 32621, [-32768, 201], 16420],
  ["geotiff/cog_riotiler/blue.tif", [255, 259, 1], "uint16", 32617, [0, 59810], 8180],
  // JPEG with shared tables
  ["geotiff/cog_riotiler/cog_rgb.tif", [383, 232, 3], "uint8", 26913, [0, 255], 49.12],
  ["geotiff/cog_riotiler/cog_scale.tif", [256, 256, 2], "int16", undefined, [-894, 13413], 3560],
  ["geotiff/cog_riotiler/cog_fullearth.tif", [432, 216, 1], "float64", 4326, [-1.2676506e30, 2.606e16], 6.313e29],
  ["geotiff/cog_riotiler/inverted_lat.tif", [720, 360, 1], "float32", 4326, [-9999, -9999], 0],
  ["geotiff/riocogeo/image_nan.tif", [316, 341, 1], "float64", 4326, [0, 5.435], 0.1059],
  ["geotiff/riocogeo/image_webp.tif", [512, 512, 3], "uint8", 3857, [27, 243], 23.44],
  // planar
  ["geotiff/rasterio/rgb_deflate.tif", [791, 718, 3], "uint8", 32618, [0, 255], 57.1],
  ["geotiff/rasterio/rotated.tif", [10, 15, 1], "uint8", undefined, [0, 149], 43.3],
  ["geotiff/rasterio/float_nan.tif", [3, 2, 1], "float32", undefined, [-1.88, 1.41], 1.187],
  ["geotiff/rasterio/float_raster_with_nodata.tif", [13, 12, 1], "float32", undefined, [-3.4e38, 0.25], 1.643e38],
  // LZW with predictor 2, planar tiles
  ["geotiff/rasterio/all-nodata.tif", [71, 2475, 4], "uint16", 32628, [0, 0], 0],
  ["geotiff/rasterio/RGBA.uint16.tif", [634, 411, 4], "uint16", 32612, [0, 10000], 4277],
  // deflate with predictor 3
  ["geotiff/geotiff_testdata/bremen_sea_ice_conc_2022_9_9.tif", [1264, 1327, 1], "float32", 3031, [15, 100], 15.44],
  ["geotiff/geotiff_testdata/LisbonElevation.tif", [547, 421, 1], "float32", 4326, [-6.829, 217.9], 48.16],
  ["geotiff/geotiff_testdata/GeogToWGS84GeoKey5.tif", [101, 101, 1], "uint8", undefined, [0, 2], 0.6044],
  ["geotiff/landsat5_rstoolbox/LT52240631988227CUB02_B4.TIF", [287, 310, 1], "uint8", 32622, [4, 127], 27.15],
  // 224 planar bands
  [
    "hyperspectral/enmap_potsdam/images/enmap_potsdam_tile_128_0.tif",
    [32, 32, 224],
    "float32",
    32633,
    [-32768, 7432],
    5673,
  ],
];

describe.skipIf(!present)(`real files${reason}`, () => {
  test.each(FACTS)("%s reads as GDAL reads it", async (file, [width, height, bands], dtype, epsg, [min, max], std) => {
    const raster = await openRaster(root + file);
    expect([raster.width, raster.height, raster.bands, raster.dtype]).toEqual([width, height, bands, dtype]);
    expect(raster.epsg).toBe(epsg);
    const { nodata = NaN } = raster;
    const pixels = await raster.readWindow({ row: 0, column: 0, width, height });
    const collector = makeStatisticsCollector(1);
    collector.add(pixels.map((value) => (Number.isNaN(value) ? nodata : value)));
    const [found] = collector.result();
    // The inventory gives four digits.
    const near = (value: number) => ({
      asymmetricMatch: (ours: number) => Math.abs(ours - value) <= 6e-4 * Math.abs(value),
    });
    expect(found).toMatchObject({ min: near(min), max: near(max), std: near(std) });
  });

  test("nodata pixels are NaN and counted out", async () => {
    const raster = await openRaster(`${root}geotiff/cog_riotiler/cog_int16.tif`);
    expect(raster.nodata).toBe(-32768);
    const collector = makeStatisticsCollector(1);
    collector.add(await raster.readWindow({ row: 0, column: 0, width: 2658, height: 2667 }));
    expect(collector.result()[0]).toMatchObject({ count: 3_674_467, min: 69, max: 201 });
  });

  test("a window of a tiled raster equals the same part of the whole", async () => {
    const raster = await openRaster(`${root}geotiff/cog_riotiler/cog.tif`);
    const whole = await raster.readWindow({ row: 0, column: 0, width: 2658, height: 2667 });
    const part = await raster.readWindow({ row: 250, column: 1020, height: 20, width: 300 });
    expect(part).toEqual(
      Float32Array.from(
        part,
        (_, index) => whole[(250 + Math.floor(index / 300)) * 2658 + 1020 + (index % 300)] as number,
      ),
    );
  });

  test("complex samples are refused by name", async () => {
    await expect(openRaster(`${root}geotiff/rioxarray/cint16.tif`)).rejects.toThrow(
      /cint16\.tif: expected every band of one type/,
    );
  });

  test("EuroSAT's multispectral classes open as an image folder", async () => {
    const dataset = await openImageFolder({ root: `${root}scene/eurosat_ms_small`, bands: [3, 2, 1] });
    expect([dataset.length, dataset.classNames]).toEqual([6, ["AnnualCrop", "Forest"]]);
    expect(dataset.schema.map(({ name }) => name)).toEqual(["band4", "band3", "band2"]);
    expect((await dataset.read(5)).shape).toEqual([3, 64, 64]);
  });

  test("UC Merced opens with its splits and classes; its small images fit after a crop", async () => {
    const options = { root: `${root}scene/ucmerced_jpg`, split: "test" } as const;
    const dataset = await openImageFolder(options);
    expect([dataset.length, dataset.classNames?.length]).toEqual([420, 21]);
    const loader = await makeLoader({
      dataset: imageFolderSpec(options),
      batchSize: 70,
      seed: 0,
      shuffle: false,
      dropLast: false,
      transforms: [{ kind: "resize", size: [24, 32], interpolation: "bilinear" }],
      numWorkers: 2,
      prefetchBatches: 2,
      onCorrupt: "fail",
    });
    const perClass = new Array(21).fill(0);
    for await (const batch of loader.epoch(0)) for (const label of batch.labels) perClass[label] += 1;
    await loader.close();
    expect(perClass).toEqual(new Array(21).fill(20));
  });
});
