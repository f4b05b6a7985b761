import { type Crs, type Georeference, parseCrs } from "@graticule/data-geotiff";
import { type EnviFields, listField } from "./envi-header.js";

const WGS84_GEOGRAPHIC = 4326;
const UTM_NORTH = 32600;
const UTM_SOUTH = 32700;

/**
 * Reads an ENVI header's `map info` and `coordinate system string`: WGS-84 with UTM or geographic coordinates gets its
 * EPSG code.
 *
 * Layout of map info: projection, reference pixel x and y (1, 1 is the upper left corner of the first pixel), its
 * coordinates, pixel sizes, then for UTM zone and hemisphere, datum, `units=`, `rotation=` (degrees).
 */
export function parseMapInfo(fields: EnviFields): Georeference | undefined {
  const parts = listField(fields, "map info");
  const text = fields.get("coordinate system string")?.trim();
  const written = text ? describeCrs(text) : undefined;
  if (parts === undefined) return written;
  const [projection = "", ...rest] = parts;
  const [pixelX, pixelY, x, y, width, height] = rest.slice(0, 6).map(Number) as (number | undefined)[];
  if (![pixelX, pixelY, x, y, width, height].every((value) => Number.isFinite(value))) return written;
  const rotation = Number(/rotation\s*=\s*(\S+)/i.exec(parts.join(","))?.[1] ?? 0);
  const [cosine, sine] = [Math.cos((rotation * Math.PI) / 180), Math.sin((rotation * Math.PI) / 180)];
  const [columnX, rowX] = [cosine * (width as number), sine * (width as number)];
  const [columnY, rowY] = [sine * (height as number), -cosine * (height as number)];
  const [beforeX, beforeY] = [(pixelX as number) - 1, (pixelY as number) - 1];
  const originX = (x as number) - beforeX * columnX - beforeY * rowX;
  const originY = (y as number) - beforeX * columnY - beforeY * rowY;
  const epsg = findEpsg(projection, rest);
  const place = written ?? (epsg ? describeCrs(`EPSG:${epsg}`) : {});
  return { ...place, ...(epsg && { epsg }), transform: [originX, columnX, rowX, originY, columnY, rowY] };
}

/** A coordinate system by its text, which alone is kept where it isn't understood. */
function describeCrs(text: string): Georeference {
  let crs: Crs;
  try {
    crs = parseCrs(text);
  } catch {
    return { citation: text };
  }
  return { ...(crs.epsg && { epsg: crs.epsg }), citation: crs.name, crs };
}

function findEpsg(projection: string, rest: readonly string[]): number | undefined {
  if (!rest.some((part) => /^wgs[\s-]*84$/i.test(part))) return undefined;
  if (/^geographic lat\/lon$/i.test(projection)) return WGS84_GEOGRAPHIC;
  const zone = Number(rest[6]);
  if (!/^utm$/i.test(projection) || !(Number.isInteger(zone) && zone >= 1 && zone <= 60)) return undefined;
  return (/^south$/i.test(rest[7] ?? "") ? UTM_SOUTH : UTM_NORTH) + zone;
}
