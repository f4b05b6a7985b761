import { TAGS, type TiffDirectory } from "./tiff-directory.js";

/** A band's metadata: GDAL's items by name, such as `DESCRIPTION`, `SCALE`, `wavelength`. */
export type BandMetadata = ReadonlyMap<string, string>;

/** Reads each band's metadata out of GDAL's `<Item name="DESCRIPTION" sample="0" role="description">Blue</Item>`. */
export function parseBandMetadata(directory: TiffDirectory, bands: number): BandMetadata[] {
  const metadata = Array.from({ length: bands }, () => new Map<string, string>());
  for (const [, attributes, text] of (directory.text(TAGS.gdalMetadata) ?? "").matchAll(ITEM)) {
    const name = /\bname="([^"]*)"/.exec(attributes as string)?.[1];
    const sample = Number(/\bsample="(\d+)"/.exec(attributes as string)?.[1]);
    if (name !== undefined && sample < bands)
      metadata[sample]?.set(unescapeXml(name), unescapeXml(text as string).trim());
  }
  return metadata;
}

const ITEM = /<Item\b([^>]*)>([^<]*)<\/Item>/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name] as string);
}
