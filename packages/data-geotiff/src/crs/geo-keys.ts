import { TAGS, type TiffDirectory } from "../tiff-directory.js";

/** The keys of a GeoTIFF that Graticule reads. Source: OGC GeoTIFF 1.1 (19-008r4), annex B. */
export const KEYS = {
  rasterType: 1025,
  citation: 1026,
  geographicCode: 2048,
  geographicCitation: 2049,
  primeMeridian: 2051,
  ellipsoid: 2056,
  semiMajorAxis: 2057,
  semiMinorAxis: 2058,
  inverseFlattening: 2059,
  primeMeridianLongitude: 2061,
  toWgs84: 2062,
  projectedCode: 3072,
  projectedCitation: 3073,
  projection: 3074,
  projectionMethod: 3075,
  linearUnits: 3076,
  linearUnitSize: 3077,
  standardParallel1: 3078,
  standardParallel2: 3079,
  naturalOriginLongitude: 3080,
  naturalOriginLatitude: 3081,
  falseEasting: 3082,
  falseNorthing: 3083,
  falseOriginLongitude: 3084,
  falseOriginLatitude: 3085,
  falseOriginEasting: 3086,
  falseOriginNorthing: 3087,
  centerLongitude: 3088,
  centerLatitude: 3089,
  centerEasting: 3090,
  centerNorthing: 3091,
  scaleAtNaturalOrigin: 3092,
  scaleAtCenter: 3093,
  straightVerticalPoleLongitude: 3095,
} as const;

/** The three tables that geo keys are stored in, untouched. */
export interface GeoKeyTables {
  readonly directory: readonly number[];
  readonly doubles: readonly number[];
  readonly ascii: string;
}

/** The tables of a file; undefined if it has none. */
export function geoKeyTables(directory: TiffDirectory): GeoKeyTables | undefined {
  if (!directory.has(TAGS.geoKeyDirectory)) return undefined;
  return {
    directory: [...directory.numbers(TAGS.geoKeyDirectory)],
    doubles: [...directory.numbers(TAGS.geoDoubleParams)],
    ascii: directory.text(TAGS.geoAsciiParams) ?? "",
  };
}

/** A file's geo keys, by number. */
export interface GeoKeys {
  number(key: number): number | undefined;
  numbers(key: number): readonly number[];
  text(key: number): string | undefined;
}

/** Reads the key directory; keys that point outside their tables are absent. */
export function parseGeoKeys(directory: TiffDirectory): GeoKeys {
  const keys = directory.numbers(TAGS.geoKeyDirectory);
  const ascii = directory.text(TAGS.geoAsciiParams) ?? "";
  const doubles = directory.numbers(TAGS.geoDoubleParams);
  const numbers = new Map<number, readonly number[]>();
  const texts = new Map<number, string>();
  for (let at = 4; at + 4 <= keys.length; at += 4) {
    const [key, location, count, value] = [...keys.subarray(at, at + 4)] as [number, number, number, number];
    if (location === 0) numbers.set(key, [value]);
    else if (location === TAGS.geoDoubleParams) numbers.set(key, [...doubles.subarray(value, value + count)]);
    else if (location === TAGS.geoAsciiParams) texts.set(key, ascii.slice(value, value + count).replace(/\|$/, ""));
  }
  return {
    number: (key) => numbers.get(key)?.[0],
    numbers: (key) => numbers.get(key) ?? [],
    text: (key) => texts.get(key),
  };
}
