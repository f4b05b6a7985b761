import { FormatError } from "@graticule/core";
import { decode, getBlobInfo, load } from "lerc";
import { firstLine } from "./first-line.js";
import type { TiffLayout } from "./tiff-layout.js";

const PIXEL_TYPES: Readonly<Record<string, string>> = {
  uint8: "U8",
  int8: "S8",
  uint16: "U16",
  int16: "S16",
  uint32: "U32",
  int32: "S32",
  float32: "F32",
  float64: "F64",
};

/** Decodes a LERC block; floats outside its mask are NaN, integers 0. Source: Esri LERC 4, through its WebAssembly. */
export async function decodeLerc(
  path: string,
  { blockWidth, blockHeight, planar, bands, dtype }: TiffLayout,
  compressed: Uint8Array,
  rows: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const depth = planar ? 1 : bands;
  await load();
  const decodeOrFail = <Result>(run: () => Result): Result => {
    try {
      return run();
    } catch (cause) {
      throw new FormatError(path, "a readable LERC block", firstLine(cause), "The file is corrupt.", { cause });
    }
  };
  const info = decodeOrFail(() => getBlobInfo(compressed));
  const { width, height, depthCount, bandCount } = info;
  if (width !== blockWidth || height < rows || height > blockHeight || depthCount * bandCount !== depth)
    throw new FormatError(
      path,
      `a LERC block of ${blockWidth} by ${rows} pixels of ${depth} bands`,
      `${width} by ${height} of ${depthCount * bandCount}`,
      "The file is corrupt.",
    );
  const { pixels, pixelType, mask, bandMasks } = decodeOrFail(() => decode(compressed, { returnInterleaved: true }));
  if (pixelType !== PIXEL_TYPES[dtype])
    throw new FormatError(path, `LERC samples of ${dtype}`, pixelType, "The file is corrupt.");
  const first = pixels[0] as (typeof pixels)[number];
  const plane = width * rows;
  const interleaved = first.slice(0, plane * depthCount);
  if (dtype.startsWith("float")) {
    const valid = bandMasks?.[0] ?? mask;
    if (valid)
      for (let pixel = 0; pixel < plane; pixel++)
        if (!valid[pixel]) interleaved.fill(NaN, pixel * depthCount, (pixel + 1) * depthCount);
  }
  if (bandCount === 1) return new Uint8Array(interleaved.buffer);
  throw new FormatError(path, "one LERC band of many depths", `${bandCount} bands`, "Convert the file.");
}
