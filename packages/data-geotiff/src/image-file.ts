import { FormatError } from "@graticule/core";
import { type ByteImage, type ByteSource, type Image, makeMemorySource, openByteSource } from "@graticule/data";
import { nameBands } from "./band-names.js";
import { type BandSelection, selectBands } from "./band-selection.js";
import { DEFAULT_MAX_VALUES } from "./limits.js";
import { openPicture } from "./picture.js";
import { openRasterFrom } from "./raster.js";
import { readSmallFile } from "./small-file.js";

/** What an image file holds, from its header. */
export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  readonly bandNames: readonly string[];
}

/** An image file that is open for reading. `read` gives `[C, H, W]` in the file's own numbers. */
export interface ImageFile extends ImageHeader {
  read(bands?: BandSelection): Promise<Float32Array>;
  /** The same pixels, as bytes where the file holds all selected bands so. */
  readStored(bands?: BandSelection): Promise<Image | ByteImage>;
}

/** Most pictures lie within it, and are read at once. */
const FIRST_BYTES = 2 ** 17;

/**
 * Opens a JPEG, PNG (8 or 16 bits) or TIFF, told apart by their first bytes. A PNG's or JPEG's alpha is left out.
 *
 * @throws {FormatError} naming the file, if it is empty, truncated, of another kind, or declares too many pixels.
 */
export async function openImageFile(path: string, maxValues: number = DEFAULT_MAX_VALUES): Promise<ImageFile> {
  const whole = readSmallFile(path, FIRST_BYTES);
  return openImageSource(whole ? makeMemorySource(path, whole) : await openByteSource(path), maxValues);
}

/** Opens the bytes of an image file under the name that messages give it. @throws {FormatError} as `openImageFile`. */
export function openImageBytes(
  name: string,
  bytes: Uint8Array,
  maxValues: number = DEFAULT_MAX_VALUES,
): Promise<ImageFile> {
  return openImageSource(makeMemorySource(name, bytes), maxValues);
}

async function openImageSource(source: ByteSource, maxValues: number): Promise<ImageFile> {
  const { uri: path } = source;
  const start = await source.read(0, Math.min(FIRST_BYTES, source.size), "an image's first bytes");
  const kind = sniff(start);
  if (kind === "picture") {
    const bytes = start.length === source.size ? start : await source.read(0, source.size, "an image");
    await source.close();
    return openPictureFile(path, bytes, maxValues);
  }
  if (kind === undefined)
    throw new FormatError(
      path,
      "a JPEG, PNG or TIFF image",
      source.size === 0 ? "an empty file" : "other bytes at its start",
      source.size === 0 ? "Remove the file or fetch it again." : "Remove the file or convert it.",
    );
  const raster = await openRasterFrom(source, { maxValues });
  const { width, height, bandNames } = raster;
  const read = (bands?: BandSelection) =>
    raster.readWindow({ row: 0, column: 0, width, height, ...(bands && { bands }) });
  const readStored = async (bands?: BandSelection): Promise<Image> => {
    const count = selectBands(path, bandNames, bands).length;
    return { pixels: await read(bands), shape: [count, height, width] };
  };
  return { width, height, bandNames, read, readStored };
}

function sniff(start: Uint8Array): "picture" | "tiff" | undefined {
  const text = Buffer.from(start.subarray(0, 8)).toString("latin1");
  if (text.startsWith("\xff\xd8\xff") || text === "\x89PNG\r\n\x1a\n") return "picture";
  return /^(II[*+]\0|MM\0[*+])/.test(text) ? "tiff" : undefined;
}

async function openPictureFile(path: string, bytes: Uint8Array, maxValues: number): Promise<ImageFile> {
  const { width, height, isColor, decode } = await openPicture(path, bytes, maxValues);
  const bandNames = nameBands(isColor ? 3 : 1, isColor);

  async function readStored(bands?: BandSelection): Promise<Image | ByteImage> {
    const selected = selectBands(path, bandNames, bands);
    const { values, channels } = await decode();
    const shape = [selected.length, height, width] as const;
    const isWhole = channels === selected.length && selected.every((band, position) => band === position);
    if (isWhole && values instanceof Uint8Array) return { bytes: values, shape };
    return { pixels: splitBands(values, channels, selected), shape };
  }

  async function read(bands?: BandSelection): Promise<Float32Array> {
    const selected = selectBands(path, bandNames, bands);
    const { values, channels } = await decode();
    return splitBands(values, channels, selected);
  }

  return { width, height, bandNames, read, readStored };
}

/** Takes bands out of interleaved pixels. Shape: `[H, W, channels] → [bands.length, H, W]`. */
function splitBands(values: Uint8Array | Uint16Array, channels: number, bands: readonly number[]): Float32Array {
  const plane = values.length / channels;
  const output = new Float32Array(bands.length * plane);
  for (let position = 0; position < bands.length; position++) {
    const end = (position + 1) * plane;
    for (let to = position * plane, from = bands[position] as number; to < end; to++, from += channels)
      output[to] = values[from] as number;
  }
  return output;
}
