const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/**
 * What GDAL notes about each band under a role: `description`, `scale`, `offset` or `unittype`; undefined where it
 * says nothing. It writes `<Item name="DESCRIPTION" sample="0" role="description">Blue</Item>`.
 */
export function parseBandItems(metadata: string, role: string, bands: number): (string | undefined)[] {
  const items = new Array<string | undefined>(bands).fill(undefined);
  for (const [, attributes = "", text = ""] of metadata.matchAll(/<Item\b([^>]*)>([^<]*)<\/Item>/g)) {
    if (/\brole="([^"]*)"/.exec(attributes)?.[1] !== role) continue;
    const sample = Number(/\bsample="(\d+)"/.exec(attributes)?.[1]);
    if (sample < bands) items[sample] = unescapeXml(text).trim();
  }
  return items;
}

/** All items of each band by name, whatever their role: `wavelength`, `fwhm`, `DESCRIPTION`. */
export function parseBandMetadata(metadata: string, bands: number): ReadonlyMap<string, string>[] {
  const byBand = Array.from({ length: bands }, () => new Map<string, string>());
  for (const [, attributes = "", text = ""] of metadata.matchAll(/<Item\b([^>]*)>([^<]*)<\/Item>/g)) {
    const name = /\bname="([^"]*)"/.exec(attributes)?.[1];
    const sample = Number(/\bsample="(\d+)"/.exec(attributes)?.[1]);
    if (name !== undefined && sample < bands) byBand[sample]?.set(unescapeXml(name), unescapeXml(text).trim());
  }
  return byBand;
}

function unescapeXml(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name] as string);
}
