import { parseBandItems } from "./gdal-metadata.js";
import { TAGS, type TiffDirectory } from "./tiff-directory.js";

const RGB = 2;
const YCBCR = 6;

/** Names a TIFF's bands: by GDAL's band descriptions, a list in ImageDescription, colors, or `band1` and on. */
export function nameTiffBands(directory: TiffDirectory, bands: number): string[] {
  const described = parseBandItems(directory.text(TAGS.gdalMetadata) ?? "", "description", bands);
  if (described.every((name) => name !== undefined) && new Set(described).size === bands) return described as string[];
  const listed = (directory.text(TAGS.imageDescription) ?? "").split(/[,;\n]/).map((name) => name.trim());
  if (bands > 1 && listed.length === bands && listed.every((name) => name !== "") && new Set(listed).size === bands)
    return listed;
  const photometric = directory.numbers(TAGS.photometric)[0];
  return nameBands(bands, bands === 3 && (photometric === RGB || photometric === YCBCR));
}

/** `red, green, blue` for a color image, else `band1` and on. */
export function nameBands(bands: number, isColor: boolean): string[] {
  return isColor ? ["red", "green", "blue"] : Array.from({ length: bands }, (_, band) => `band${band + 1}`);
}
