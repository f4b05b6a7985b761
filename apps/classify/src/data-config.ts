import { z } from "zod";

const bands = z.array(z.union([z.int().min(0), z.string()])).optional();
const share = z.number().min(0).max(1);

/** Images on disk: `root/{train,val,test}/class/*`, `root/class/*` (split by seed) or a flat folder. */
const imageFolderConfig = z.strictObject({
  kind: z.literal("image-folder"),
  root: z.string(),
  /** Bands to read, by index from 0 or by name; all when absent. */
  bands,
  /** Shares of the splits where the folder has none of its own. */
  splitFractions: z
    .strictObject({ train: share, val: share, test: share })
    .default({ train: 0.8, val: 0.1, test: 0.1 }),
  /** Decides which images go to which split. */
  splitSeed: z.int().min(0).default(0),
});

/** One raster cut into tiles; the splits are separate blocks of the scene, so held-out tiles share no pixel with training. */
const sceneConfig = z.strictObject({
  kind: z.literal("scene"),
  /** A GeoTIFF; the 6-band Landsat-7 scene that ships with Graticule when absent. */
  path: z.string().optional(),
  bands,
  /** Side of a tile in pixels. */
  tileSize: z.int().min(1).default(32),
  /** Step from tile to tile in pixels. */
  stride: z.int().min(1).default(16),
  /** Side, in tiles, of the blocks that go to one split. */
  blockTiles: z.int().min(1).default(2),
  splitFractions: z.strictObject({ train: share, val: share, test: share }).default({ train: 0.7, val: 0, test: 0.3 }),
  splitSeed: z.int().min(0).default(0),
  /** Bands that weak labels (water, vegetation, bare or built) are made from by spectral indices; no labels when absent. */
  weakLabels: z
    .strictObject({
      red: z.string().default("red"),
      nir: z.string().default("nir"),
      green: z.string().default("green"),
      swir1: z.string().default("swir1"),
      /** NDVI above which a pixel is vegetation, 0.1 when absent; surface reflectance wants more than raw digital numbers. */
      vegetationNdvi: z.number().min(-1).max(1).optional(),
    })
    .optional(),
  /** A raster of as many pixels that says something of each, such as its class, for segmentation and regression. */
  target: z.string().optional(),
});

const shares = z.strictObject({ train: share, val: share, test: share }).default({ train: 0.8, val: 0.1, test: 0.1 });
const rasterPaths = z.union([z.string(), z.array(z.string()).min(1)]);

/** Images, each with a raster of what is to be told of its pixels; folders train, val and test make the splits, else shares. */
const rasterPairsConfig = z.strictObject({
  kind: z.literal("raster-pairs"),
  /** A folder, a pattern with one `*`, such as chips/*_merged.tif, or files. */
  images: rasterPaths,
  /** The rasters likewise; or several for each image, by name. */
  targets: z.union([rasterPaths, z.record(z.string(), rasterPaths)]),
  bands,
  splitFractions: shares,
  splitSeed: z.int().min(0).default(0),
});

/** Images with what a table, CSV or JSON, says of each: columns file, split, labels, and numbers of any name. */
const imageTableConfig = z.strictObject({
  kind: z.literal("image-table"),
  table: z.string(),
  /** Folder that the files' names start from; that of the table when absent. */
  root: z.string().optional(),
  bands,
  /** Shares of the splits where the table has no column split. */
  splitFractions: shares,
  splitSeed: z.int().min(0).default(0),
});

/** BigEarthNet v1.0 in the folder of its archives. */
const bigEarthNetConfig = z.strictObject({
  kind: z.literal("big-earth-net"),
  root: z.string(),
  sensors: z.enum(["s1", "s2", "both"]).default("s2"),
  numClasses: z.union([z.literal(19), z.literal(43)]).default(19),
  bands: z.array(z.string()).optional(),
  /** Shares the patches on disk out by a seed; the published splits when absent. */
  splitFractions: z.strictObject({ train: share, val: share, test: share }).optional(),
  splitSeed: z.int().min(0).default(0),
});

const rangesNm = z.array(z.tuple([z.number(), z.number()])).optional();

/** Crops of hyperspectral cubes; the splits are separate blocks of each cube, so no pixel is in two of them. */
const cubesConfig = z.strictObject({
  kind: z.literal("cubes"),
  /** ENVI headers, MATLAB files or GeoTIFFs with the same bands; `*` and `?` in the last part stand for several. */
  paths: z.array(z.string()).min(1),
  /** Rasters of class numbers, one for each path, in its order; for classification. */
  labels: z.array(z.string()).optional(),
  /** The number of pixels without a class. */
  ignoreLabel: z.int().optional(),
  /** [H, W] in pixels of a crop. */
  cropSize: z.tuple([z.int().min(1), z.int().min(1)]).default([16, 16]),
  /** Training crops of an epoch, each at a place drawn anew; as many as fit side by side when absent. */
  cropsPerEpoch: z.int().min(1).optional(),
  /** Bands by index from 0; those that the files don't mark as bad when absent. */
  bands: z.array(z.int().min(0)).optional(),
  /** Keeps bands in these ranges of wavelengths. Units: nm. */
  rangesNm,
  /** Leaves out bands in these ranges, e.g. [[1340, 1445], [1790, 1955]] for water vapor. Units: nm. */
  excludeNm: rangesNm,
  /** MATLAB files: the variable that holds the cube, and [H, W] where it is a matrix of spectra. */
  variable: z.string().optional(),
  shape: z.tuple([z.int().min(1), z.int().min(1)]).optional(),
  pixelOrder: z.enum(["column", "row"]).optional(),
  /** Unit of the files' wavelengths where they don't say. */
  wavelengthUnit: z.string().optional(),
  /** Side, in crops, of the blocks that go to one split. */
  blockTiles: z.int().min(1).default(2),
  splitFractions: z.strictObject({ train: share, val: share, test: share }).default({ train: 0.7, val: 0.3, test: 0 }),
  splitSeed: z.int().min(0).default(0),
});

/** What a run reads. */
export const dataConfig = z.discriminatedUnion("kind", [
  imageFolderConfig,
  sceneConfig,
  cubesConfig,
  rasterPairsConfig,
  imageTableConfig,
  bigEarthNetConfig,
]);

export type DataConfig = z.infer<typeof dataConfig>;
