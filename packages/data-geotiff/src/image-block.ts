import { FormatError } from "@graticule/core";
import sharp from "sharp";
import { firstLine } from "./first-line.js";
import { decodeJpeg } from "./jpeg/decode-jpeg.js";
import { readJpegHeader } from "./jpeg/jpeg-header.js";
import type { TiffLayout } from "./tiff-layout.js";

const JPEG = 7;

interface DecodedBlock {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Uint8Array<ArrayBuffer>;
}

/** Decodes a block that is itself a JPEG or WebP image. JPEG tables stored once in the directory are spliced in. */
export async function decodeImageBlock(
  path: string,
  layout: TiffLayout,
  compressed: Uint8Array,
  rows: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bands = layout.planar ? 1 : layout.bands;
  const { blockWidth } = layout;
  if (layout.dtype !== "uint8" || layout.sampleBits !== 8 || ![1, 3, 4].includes(bands))
    throw new FormatError(path, "JPEG and WebP blocks of 1, 3 or 4 uint8 bands", `${bands} of ${layout.dtype}`);
  const isJpeg = layout.compression === JPEG;
  const bytes = isJpeg ? spliceJpegTables(layout, compressed) : compressed;
  const limit = blockWidth * layout.blockHeight;
  const { width, height, channels, values } = await decode(bytes, bands, limit).catch((cause) => {
    const advice = "The file is corrupt.";
    throw new FormatError(path, "a readable JPEG or WebP block", firstLine(cause), advice, { cause });
  });
  if (width !== blockWidth || height < rows || channels !== bands)
    throw new FormatError(
      path,
      `a block of ${blockWidth} by ${rows} pixels of ${bands} bands`,
      `${width} by ${height} of ${channels}`,
      "The file is corrupt.",
    );
  return values.subarray(0, rows * blockWidth * bands);
}

/** By our kernel what it knows, else by sharp. @param limit the most pixels. */
async function decode(bytes: Uint8Array, bands: number, limit: number): Promise<DecodedBlock> {
  const header = readJpegHeader(bytes);
  if (header?.scan && header.components === bands && header.width * header.height <= limit)
    return { ...header, channels: bands, values: decodeJpeg(bytes, header, header.scan) };
  const image = sharp(bytes, { limitInputPixels: limit, failOn: "error", ignoreIcc: true });
  const converted = bands === 1 ? image.toColourspace("b-w") : image.toColourspace("srgb");
  const { data, info } = await converted.raw().toBuffer({ resolveWithObject: true });
  // No one else holds sharp's buffer.
  return { ...info, values: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length) };
}

const START_OF_IMAGE = [0xff, 0xd8];
const YCBCR = 6;

/** Puts the shared tables, and an Adobe marker that says whether colors are YCbCr, between a block's first bytes. */
function spliceJpegTables({ jpegTables, photometric, planar, bands }: TiffLayout, compressed: Uint8Array): Uint8Array {
  const tables = jpegTables.slice(2, -2); // without start and end of image
  const colors = photometric === YCBCR ? 1 : 0;
  const adobe = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, colors];
  const marker = planar || bands === 1 ? [] : adobe;
  return Buffer.concat([Uint8Array.of(...START_OF_IMAGE, ...marker), Uint8Array.from(tables), compressed.subarray(2)]);
}
