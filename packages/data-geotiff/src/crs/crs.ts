import { ConfigError } from "@graticule/core";
import proj4 from "proj4";
import { epsgDefinition } from "./epsg-definitions.js";

/** A coordinate reference system. */
export interface Crs {
  /** `EPSG:32633`, or what the definition came from. */
  readonly name: string;
  readonly epsg?: number;
  /** PROJ string or WKT. */
  readonly definition: string;
  /** True if coordinates are longitude and latitude in degrees. */
  readonly isGeographic: boolean;
}

/** Maps a point to another coordinate system; NaN where it has no place there. */
export type PointTransform = (x: number, y: number) => readonly [x: number, y: number];

/**
 * The coordinate system of an EPSG code (`32633`, `"EPSG:32633"`), a PROJ string or a WKT text.
 *
 * @throws {ConfigError} for a code that isn't built in, or a text that can't be understood.
 */
export function parseCrs(from: number | string): Crs {
  const code = typeof from === "number" ? from : Number(/^EPSG:(\d+)$/i.exec(from.trim())?.[1]);
  if (Number.isNaN(code)) return checkCrs({ name: shorten(from as string), definition: (from as string).trim() });
  const definition = epsgDefinition(code);
  if (definition === undefined)
    throw new ConfigError(
      `parseCrs: expected a built-in EPSG code (WGS 84, UTM zones, web Mercator, polar and common national systems), got EPSG:${code}. Give its PROJ string or WKT, e.g. from https://epsg.io/${code}.`,
    );
  return checkCrs({ name: `EPSG:${code}`, epsg: code, definition });
}

function checkCrs(crs: Omit<Crs, "isGeographic">): Crs {
  try {
    const { projName } = proj4.Proj(crs.definition) as { projName?: string };
    return { ...crs, isGeographic: projName === "longlat" };
  } catch (cause) {
    throw new ConfigError(
      `parseCrs: expected an EPSG code, a PROJ string or WKT, got '${crs.name}' (${(cause as Error).message ?? cause}). Check the definition.`,
      { cause },
    );
  }
}

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

/** True if two systems have the same definition, so that no transform is needed between them. */
export function sameCrs(a: Crs, b: Crs): boolean {
  return a.definition === b.definition;
}

/** Makes the transform from one coordinate system to another, through WGS 84. */
export function makePointTransform(from: Crs, to: Crs): PointTransform {
  if (sameCrs(from, to)) return (x, y) => [x, y];
  const { forward } = proj4(from.definition, to.definition);
  return (x, y) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) return [NaN, NaN];
    try {
      const [toX, toY] = forward([x, y]) as [number, number];
      return Number.isFinite(toX) && Number.isFinite(toY) ? [toX, toY] : [NaN, NaN];
    } catch {
      return [NaN, NaN]; // Far outside the projection's area.
    }
  };
}

/** Longitude and latitude on WGS 84. */
export const wgs84: Crs = parseCrs(4326);
