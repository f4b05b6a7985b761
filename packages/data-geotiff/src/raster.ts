import { FormatError } from "@graticule/core";
import { type ByteSource, type HttpSourceOptions, openByteSource } from "@graticule/data";
import { nameTiffBands } from "./band-names.js";
import { parseBandItems, parseBandMetadata } from "./gdal-metadata.js";
import { type Georeference, parseGeoreference } from "./georeference.js";
import { DEFAULT_MAX_VALUES } from "./limits.js";
import { makeRasterLevel, type RasterLevel } from "./raster-level.js";
import { readTiffDirectories, TAGS } from "./tiff-directory.js";
import { groupImages, type TiffImage } from "./tiff-images.js";
import { parseTiffLayout, type RasterDtype } from "./tiff-layout.js";

export interface RasterOptions {
  /** Which image of a file of many, by zero-based index; overviews and masks don't count. 0 if absent. */
  readonly image?: number;
  /** Gives physical values: the file's numbers times `scales` plus `offsets`. False if absent. */
  readonly applyScale?: boolean;
  /** Makes pixels NaN where the file's mask, or else its alpha band, is 0. False if absent. */
  readonly applyMask?: boolean;
  /** Most values (pixels times bands) that one read may yield; guards against hostile headers. */
  readonly maxValues?: number;
  /** How servers are asked. */
  readonly http?: HttpSourceOptions;
}

/** A GeoTIFF or plain TIFF, read by windows. */
export interface Raster extends Georeference, RasterLevel {
  /** Path or URL. */
  readonly path: string;
  readonly bands: number;
  readonly bandNames: readonly string[];
  /** Type in the file; reads give float32, so that integers beyond 2²⁴ are rounded. */
  readonly dtype: RasterDtype;
  /** The value that stands for "no data" in the file; reads give NaN for it. */
  readonly nodata: number | undefined;
  /** What `applyScale` multiplies each band by. */
  readonly scales: readonly number[];
  /** What `applyScale` adds to each band then. */
  readonly offsets: readonly number[];
  /** Each band's unit, where the file names one. */
  readonly units: readonly (string | undefined)[];
  /** Each band's GDAL metadata by name, e.g. `wavelength`. */
  readonly bandMetadata: readonly ReadonlyMap<string, string>[];
  /** Smaller copies in the file, the largest first. */
  readonly overviews: readonly RasterLevel[];
  /** How many images the file has. */
  readonly images: number;
  /** Lets go of the file; later reads open it again. */
  close(): Promise<void>;
}

/**
 * Opens a TIFF of any number of bands by path or URL: integers of 1 to 64 bits, floats of 16 to 64; strips or tiles;
 * pixel or band interleaved; either byte order; classic or BigTIFF; uncompressed, LZW, deflate, PackBits, JPEG, WebP,
 * LERC, Zstandard. Over HTTP a window costs a request or two: its blocks are fetched together.
 *
 * @throws {FormatError} naming the file, if it is truncated, corrupt or of an unsupported kind.
 * @throws {RangeError} if the file has no such image. @throws {HttpError} if a server fails.
 */
export async function openRaster(path: string, options: RasterOptions = {}): Promise<Raster> {
  return openRasterFrom(await openByteSource(path, options.http), options);
}

/** Opens a TIFF from a source that is open already. @throws {FormatError} as `openRaster`. */
export async function openRasterFrom(source: ByteSource, options: RasterOptions = {}): Promise<Raster> {
  const { image: index = 0 } = options;
  const images = groupImages(await readTiffDirectories(source));
  const image = images[index];
  if (image === undefined)
    throw new RangeError(
      `openRaster: expected an image from 0 to ${images.length - 1} of ${source.uri}, got ${index}.`,
    );
  return makeRaster(source, images, image, options);
}

/** Opens every image of a TIFF, such as the pages of a stack, from one file. @throws {FormatError} as `openRaster`. */
export async function openRasterImages(path: string, options: Omit<RasterOptions, "image"> = {}): Promise<Raster[]> {
  const source = await openByteSource(path, options.http);
  const images = groupImages(await readTiffDirectories(source));
  const rasters: Raster[] = [];
  for (const image of images) rasters.push(await makeRaster(source, images, image, options));
  return rasters;
}

async function makeRaster(
  source: ByteSource,
  images: readonly TiffImage[],
  image: TiffImage,
  { applyScale = false, applyMask = false, maxValues = DEFAULT_MAX_VALUES }: RasterOptions,
): Promise<Raster> {
  const path = source.uri;
  const { main } = image;
  await main.loadBlocks();
  const { bands, dtype } = parseTiffLayout(path, main);
  const metadata = main.text(TAGS.gdalMetadata) ?? "";
  const numbers = (role: string, otherwise: number): number[] =>
    parseBandItems(metadata, role, bands).map((text) => {
      const value = text === undefined || text === "" ? otherwise : Number(text);
      if (Number.isFinite(value)) return value;
      throw new FormatError(path, `a number as a band's ${role}`, JSON.stringify(text), "The file is corrupt.");
    });
  const scales = numbers("scale", 1);
  const offsets = numbers("offset", 0);
  const units = parseBandItems(metadata, "unittype", bands);
  const bandNames = nameTiffBands(main, bands);
  const nodata = parseNodata(main.text(TAGS.gdalNodata));
  const place = parseGeoreference(placeOf(images, image));
  const settings = {
    source,
    image,
    bandNames,
    nodata,
    transform: place.transform,
    maxValues,
    applyMask,
    ...(applyScale && { scaling: { scales, offsets } }),
  };
  const overviews = image.overviews.map((directory) => makeRasterLevel(directory, settings));
  return {
    ...place,
    ...makeRasterLevel(main, settings),
    path,
    bands,
    bandNames,
    dtype,
    nodata,
    scales,
    offsets,
    units,
    bandMetadata: parseBandMetadata(metadata, bands),
    overviews,
    images: images.length,
    close: () => source.close(),
  };
}

/** The directory that says where an image lies: its own, or the first of a file whose images all have one size. */
function placeOf(images: readonly TiffImage[], { main }: TiffImage): TiffImage["main"] {
  const first = images[0]?.main ?? main;
  const size = (directory: TiffImage["main"]): string =>
    `${directory.numbers(TAGS.imageWidth)[0]}/${directory.numbers(TAGS.imageLength)[0]}`;
  return main.has(TAGS.geoKeyDirectory) || size(first) !== size(main) ? main : first;
}

function parseNodata(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text.trim().replace(/^([+-]?)inf$/i, "$1Infinity"));
  // NaN is what reads give anyway.
  return Number.isNaN(value) && text.trim().toLowerCase() !== "nan" ? undefined : value;
}
