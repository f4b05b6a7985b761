import { FormatError } from "@graticule/core";
import type { Box, ByteSource } from "@graticule/data";
import { type BandSelection, selectBands } from "./band-selection.js";
import { type GeoTransform, scaleTransform } from "./grid/geo-transform.js";
import { TAGS, type TiffDirectory } from "./tiff-directory.js";
import { imageSize, type TiffImage } from "./tiff-images.js";
import { parseTiffLayout } from "./tiff-layout.js";
import { makeWindowReader, type WindowReader } from "./window-reader.js";

export interface RasterWindow extends Box {
  readonly bands?: BandSelection;
}

/** A raster at one resolution: the full one, or an overview's. */
export interface RasterLevel {
  readonly width: number;
  readonly height: number;
  /** Maps (column, row) of a pixel's upper left corner to coordinates; absent if the file has no place. */
  readonly transform?: GeoTransform;
  /**
   * Shape: `[C, height, width]` of the window, in this level's pixels. Units: the file's own numbers; nodata is NaN.
   *
   * @param into memory of that size that is filled and returned, such as a sample's place in a batch; fresh if absent.
   * @throws {RangeError} if `into` has another size, or the window leaves the raster.
   */
  readWindow(window: RasterWindow, into?: Float32Array): Promise<Float32Array>;
}

/** What all levels of a raster share. */
export interface LevelSettings {
  readonly source: ByteSource;
  readonly image: TiffImage;
  readonly bandNames: readonly string[];
  readonly nodata: number | undefined;
  readonly transform: GeoTransform | undefined;
  readonly maxValues: number;
  readonly applyMask: boolean;
  /** Factor and addend for each band; absent to leave values as they are. */
  readonly scaling?: { readonly scales: readonly number[]; readonly offsets: readonly number[] };
}

/** Makes a level of a raster; its blocks are looked up at the first read. */
export function makeRasterLevel(directory: TiffDirectory, settings: LevelSettings): RasterLevel {
  const { source, image, bandNames, nodata, maxValues, applyMask, scaling } = settings;
  const [width, height] = imageSize(directory);
  const { uri } = source;
  const readBands = makeLazyReader(source, directory, nodata);
  const maskDirectory = image.masks.find((mask) => imageSize(mask).join() === `${width},${height}`);
  const readMask = applyMask && maskDirectory ? makeLazyReader(source, maskDirectory, undefined) : undefined;
  const alpha = applyMask && !readMask ? findAlpha(directory, bandNames.length) : undefined;

  async function readWindow({ bands: selection, ...window }: RasterWindow, into?: Float32Array): Promise<Float32Array> {
    const selected = selectBands(uri, bandNames, selection);
    assertInside(uri, window, width, height);
    const plane = window.height * window.width;
    const count = selected.length * plane;
    if (count > maxValues)
      throw new FormatError(
        uri,
        `at most ${maxValues} values`,
        `${count}`,
        "Read smaller windows, or raise maxValues.",
      );
    if (into && into.length !== count)
      throw new RangeError(`readWindow: expected memory for ${count} values of ${uri}, got ${into.length}.`);
    const withAlpha =
      alpha === undefined ? await readBands(window, selected, into) : await readBands(window, [...selected, alpha]);
    const pixels = withAlpha.subarray(0, count);
    if (scaling) applyScaling(pixels, plane, selected, scaling);
    const valid = readMask ? await readMask(window, [0]) : alpha === undefined ? undefined : withAlpha.subarray(count);
    if (valid)
      for (let at = 0; at < count; at += plane)
        for (let pixel = 0; pixel < plane; pixel++) if (valid[pixel] === 0) pixels[at + pixel] = NaN;
    if (alpha === undefined) return withAlpha;
    if (into === undefined) return pixels.slice();
    into.set(pixels);
    return into;
  }

  const [fullWidth, fullHeight] = imageSize(image.main);
  const transform = settings.transform && scaleTransform(settings.transform, fullWidth / width, fullHeight / height);
  return { width, height, ...(transform && { transform }), readWindow };
}

/**
 * The level to read at when `factor` full pixels make one that is wanted: the smallest that still has at least one
 * pixel for each.
 */
export function levelFor(
  raster: RasterLevel & { readonly overviews: readonly RasterLevel[] },
  factor: number,
): RasterLevel {
  // Overviews round their size up or down, so that a half may be a little more than 2.
  const fits = ({ width, height }: RasterLevel): boolean =>
    Math.min(raster.width / width, raster.height / height) <= factor * 1.01;
  return raster.overviews.findLast(fits) ?? raster;
}

function makeLazyReader(source: ByteSource, directory: TiffDirectory, nodata: number | undefined): WindowReader {
  let reader: Promise<WindowReader> | undefined;
  async function open(): Promise<WindowReader> {
    await directory.loadBlocks();
    return makeWindowReader(source, parseTiffLayout(source.uri, directory), nodata);
  }
  return async (window, bands, output) => {
    reader ??= open();
    reader.catch(() => {
      reader = undefined; // A server may be back later.
    });
    return (await reader)(window, bands, output);
  };
}

/** The band that says how opaque a pixel is. Source: TIFF 6.0, ExtraSamples. */
function findAlpha(directory: TiffDirectory, bands: number): number | undefined {
  const extra = directory.numbers(TAGS.extraSamples);
  const index = extra.findIndex((kind) => kind === 1 || kind === 2);
  return index < 0 || extra.length > bands ? undefined : bands - extra.length + index;
}

function applyScaling(
  pixels: Float32Array,
  plane: number,
  bands: readonly number[],
  { scales, offsets }: NonNullable<LevelSettings["scaling"]>,
): void {
  for (const [position, band] of bands.entries()) {
    const [scale, offset] = [scales[band] as number, offsets[band] as number];
    if (scale === 1 && offset === 0) continue;
    for (let at = position * plane; at < (position + 1) * plane; at++)
      pixels[at] = (pixels[at] as number) * scale + offset;
  }
}

function assertInside(path: string, { row, column, height, width }: Box, fullWidth: number, fullHeight: number): void {
  const whole = [row, column, height, width].every(Number.isInteger);
  const inside = row >= 0 && column >= 0 && row + height <= fullHeight && column + width <= fullWidth;
  if (!whole || !inside || height < 1 || width < 1)
    throw new RangeError(
      `readWindow: expected a window inside ${fullWidth} by ${fullHeight} pixels, got ${width} by ${height} at column ${column}, row ${row} of ${path}.`,
    );
}
