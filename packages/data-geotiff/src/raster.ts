import { FormatError } from "@graticule/core";
import type { Box } from "@graticule/data";
import { type BandMetadata, parseBandMetadata } from "./band-metadata.js";
import { nameTiffBands } from "./band-names.js";
import { type BandSelection, selectBands } from "./band-selection.js";
import { type Georeference, parseGeoreference } from "./georeference.js";
import { DEFAULT_MAX_VALUES } from "./limits.js";
import { readTiffDirectories, TAGS, type TiffDirectory } from "./tiff-directory.js";
import { parseTiffLayout, type RasterDtype, type TiffLayout } from "./tiff-layout.js";
import { makeWindowReader } from "./window-reader.js";

/** Most images of one file: far beyond any hyperspectral stack. */
const MAX_PAGES = 65_536;

export interface RasterWindow extends Box {
  readonly bands?: BandSelection;
}

export interface RasterOptions {
  /** Most values (pixels times bands) that one read may yield; guards against hostile headers. */
  readonly maxValues?: number;
}

/** A GeoTIFF or plain TIFF, read by windows. No file stays open between reads. */
export interface Raster extends Georeference {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly bands: number;
  readonly bandNames: readonly string[];
  readonly bandMetadata: readonly BandMetadata[];
  readonly dtype: RasterDtype;
  /** The value that stands for "no data" in the file; reads give NaN for it. */
  readonly nodata: number | undefined;
  /** Shape: `[C, height, width]` of the window. Units: the file's own numbers; nodata is NaN. */
  readWindow(window: RasterWindow): Promise<Float32Array>;
}

/**
 * Opens a TIFF of any number of bands: 8, 16, 32 bit integers, 32, 64 bit floats; strips or tiles; pixel or band
 * interleaved; either byte order; classic or BigTIFF; uncompressed, LZW, deflate, PackBits, JPEG, WebP, Zstandard.
 *
 * @throws {FormatError} naming the file, if it is truncated, corrupt or of an unsupported kind.
 */
export async function openRaster(
  path: string,
  { maxValues = DEFAULT_MAX_VALUES }: RasterOptions = {},
): Promise<Raster> {
  const [directory] = await readTiffDirectories(path, 1);
  return makeRaster(path, directory as TiffDirectory, maxValues);
}

/**
 * Opens every image of a TIFF: the pages of a stack, or an image with its overviews.
 *
 * @throws {FormatError} naming the file, if one is truncated, corrupt or of an unsupported kind.
 */
export async function openRasterPages(
  path: string,
  { maxValues = DEFAULT_MAX_VALUES }: RasterOptions = {},
): Promise<Raster[]> {
  const directories = await readTiffDirectories(path, MAX_PAGES);
  return directories.map((directory) => makeRaster(path, directory, maxValues));
}

function makeRaster(path: string, directory: TiffDirectory, maxValues: number): Raster {
  const layout = parseTiffLayout(path, directory);
  const { width, height, bands } = layout;
  const nodata = parseNodata(directory.text(TAGS.gdalNodata));
  const bandNames = nameTiffBands(directory, bands);
  const readBands = makeWindowReader(path, layout, nodata);

  async function readWindow({ bands: selection, ...window }: RasterWindow): Promise<Float32Array> {
    const selected = selectBands(path, bandNames, selection);
    assertInside(path, window, layout);
    const count = selected.length * window.height * window.width;
    if (count > maxValues)
      throw new FormatError(
        path,
        `at most ${maxValues} values`,
        `${count}`,
        "Read smaller windows, or raise maxValues.",
      );
    return readBands(window, selected);
  }

  return {
    path,
    width,
    height,
    bands,
    bandNames,
    bandMetadata: parseBandMetadata(directory, bands),
    dtype: layout.dtype,
    nodata,
    readWindow,
    ...parseGeoreference(directory),
  };
}

function assertInside(path: string, { row, column, height, width }: Box, layout: TiffLayout): void {
  const whole = [row, column, height, width].every(Number.isInteger);
  const inside = row >= 0 && column >= 0 && row + height <= layout.height && column + width <= layout.width;
  if (!whole || !inside || height < 1 || width < 1)
    throw new RangeError(
      `readWindow: expected a window inside ${layout.width} by ${layout.height} pixels, got ${width} by ${height} at column ${column}, row ${row} of ${path}.`,
    );
}

function parseNodata(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text.trim().replace(/^([+-]?)inf$/i, "$1Infinity"));
  // NaN is what reads give anyway.
  return Number.isNaN(value) && text.trim().toLowerCase() !== "nan" ? undefined : value;
}
