import { FormatError } from "@graticule/core";
import { beginWork, endWork } from "@graticule/data";
import sharp, { type Sharp } from "sharp";
import { firstLine } from "./first-line.js";
import { decodeJpeg } from "./jpeg/decode-jpeg.js";
import { type JpegHeader, readJpegHeader } from "./jpeg/jpeg-header.js";

/** A JPEG or PNG in memory. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly isColor: boolean;
  /** Its pixels without alpha. Layout: `[H, W, channels]`, row-major. */
  decode(): Promise<PicturePixels>;
}

export interface PicturePixels {
  readonly values: Uint8Array | Uint16Array;
  readonly channels: number;
}

/**
 * Reads a picture's header. Baseline JPEGs are decoded by our kernel, at once; other pictures by sharp, in threads of
 * its own.
 *
 * @throws {FormatError} naming the file if it is no picture or has too many pixels; so does `decode` if it is truncated
 * or corrupt.
 */
export async function openPicture(path: string, bytes: Uint8Array, maxValues: number): Promise<Picture> {
  const header = readJpegHeader(bytes);
  if (header?.scan === undefined) return openBySharp(path, bytes, header, maxValues);
  const { width, height, components: channels, scan } = header;
  const count = width * height * channels;
  if (count > maxValues)
    throw new FormatError(path, `at most ${maxValues} values`, `${count}`, "If the file is sound, raise maxValues.");
  async function decode(): Promise<PicturePixels> {
    try {
      const start = beginWork();
      const values = decodeJpeg(bytes, header as JpegHeader, scan);
      endWork(start, "decode image");
      return { values, channels };
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }
  return { width, height, isColor: channels > 1, decode };
}

async function openBySharp(
  path: string,
  bytes: Uint8Array,
  header: JpegHeader | undefined,
  maxValues: number,
): Promise<Picture> {
  // Pixels stay as they are stored, whatever color profile comes with them.
  const options = { limitInputPixels: Math.floor(maxValues / 3), failOn: "error", ignoreIcc: true } as const;
  const image = sharp(bytes, options);
  const { width, height, is16Bit, isColor } =
    header === undefined
      ? await readMetadata(path, image)
      : { ...header, is16Bit: false, isColor: header.components > 1 };
  const colorSpace = isColor ? (is16Bit ? "rgb16" : "srgb") : is16Bit ? "grey16" : "b-w";

  async function decode(): Promise<PicturePixels> {
    const start = beginWork();
    const { data, info } = await image
      .clone()
      .removeAlpha()
      .toColourspace(colorSpace)
      .raw({ depth: is16Bit ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true })
      .catch((cause) => {
        throw unreadable(path, cause);
      });
    endWork(start, "decode image");
    if (info.width !== width || info.height !== height)
      throw new FormatError(
        path,
        `${width} by ${height} pixels as its header says`,
        `${info.width} by ${info.height}`,
        "The file is corrupt.",
      );
    const values = is16Bit ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    return { values, channels: info.channels };
  }

  return { width, height, isColor, decode };
}

async function readMetadata(
  path: string,
  image: Sharp,
): Promise<Pick<Picture, "width" | "height" | "isColor"> & { is16Bit: boolean }> {
  const { width, height, depth, space } = await image.metadata().catch((cause) => {
    throw unreadable(path, cause);
  });
  return { width, height, is16Bit: depth === "ushort", isColor: !["b-w", "grey16"].includes(space) };
}

function unreadable(path: string, cause: unknown): FormatError {
  const advice = "The file is truncated or corrupt.";
  return new FormatError(path, "a readable image", firstLine(cause), advice, { cause });
}
