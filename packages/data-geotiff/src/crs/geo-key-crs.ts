import { type Crs, parseCrs } from "./crs.js";
import { type GeoKeys, KEYS } from "./geo-keys.js";

export const USER_DEFINED = 32767;

/**
 * The coordinate system that a file's geo keys describe: by EPSG code, by the WKT that some writers put into a
 * citation, or by the parameters of its projection. Undefined if there is none that Graticule understands.
 *
 * Source: OGC GeoTIFF 1.1 (19-008r4), 7.5 and annex C; GDAL's `gt_wkt_srs.cpp`.
 */
export function crsFromGeoKeys(keys: GeoKeys): Crs | undefined {
  const code = [KEYS.projectedCode, KEYS.geographicCode]
    .map((key) => keys.number(key))
    .find((value) => value !== undefined && value > 0);
  const sources = [
    code !== undefined && code !== USER_DEFINED ? `EPSG:${code}` : undefined,
    citedWkt(keys),
    keys.number(KEYS.projectedCode) === USER_DEFINED ? projectedDefinition(keys) : undefined,
    code === USER_DEFINED && keys.number(KEYS.projectedCode) === undefined ? geographicDefinition(keys) : undefined,
  ];
  for (const source of sources)
    try {
      if (source !== undefined) return parseCrs(source);
    } catch {} // The next source may be understood.
  return undefined;
}

function citedWkt(keys: GeoKeys): string | undefined {
  for (const key of [KEYS.projectedCitation, KEYS.citation, KEYS.geographicCitation]) {
    const found = /ESRI PE String\s*=\s*((?:PROJCS|GEOGCS)\[[\s\S]*\])/.exec(keys.text(key) ?? "");
    if (found) return /EXTENSION\["PROJ4","([^"]*)"\]/.exec(found[1] as string)?.[1] ?? found[1];
  }
  return undefined;
}

function geographicDefinition(keys: GeoKeys): string | undefined {
  const datum = datumOf(keys);
  return datum && `+proj=longlat ${datum} +no_defs`;
}

const ELLIPSOIDS: Readonly<Record<number, string>> = {
  7001: "airy",
  7004: "bessel",
  7008: "clrk66",
  7012: "clrk80",
  7019: "GRS80",
  7022: "intl",
  7024: "krass",
  7030: "WGS84",
  7041: "GRS67",
  7043: "WGS72",
};
/** Geographic systems by the ellipsoid of their datum, where the keys name no ellipsoid themselves. */
const ELLIPSOID_OF_CODE: Readonly<Record<number, string>> = {
  4258: "GRS80",
  4267: "clrk66",
  4269: "GRS80",
  4283: "GRS80",
  4314: "bessel",
  4326: "WGS84",
  4322: "WGS72",
  4674: "GRS80",
};

function datumOf(keys: GeoKeys): string | undefined {
  const shift = keys.numbers(KEYS.toWgs84);
  const towgs84 = [3, 7].includes(shift.length) ? ` +towgs84=${shift.join(",")}` : "";
  const named =
    ELLIPSOIDS[keys.number(KEYS.ellipsoid) ?? 0] ?? ELLIPSOID_OF_CODE[keys.number(KEYS.geographicCode) ?? 0];
  const major = keys.number(KEYS.semiMajorAxis);
  const minor = keys.number(KEYS.semiMinorAxis);
  const flattening = keys.number(KEYS.inverseFlattening);
  const meridian = keys.number(KEYS.primeMeridianLongitude) ?? 0;
  if (meridian !== 0 || ![GREENWICH, USER_DEFINED].includes(keys.number(KEYS.primeMeridian) ?? GREENWICH))
    return undefined;
  if (major !== undefined && major > 0) {
    if (flattening !== undefined && flattening > 0) return `+a=${major} +rf=${flattening}${towgs84}`;
    if (minor !== undefined && minor > 0) return `+a=${major} +b=${minor}${towgs84}`;
    if (flattening === 0) return `+a=${major} +b=${major}${towgs84}`;
  }
  return named && `+ellps=${named}${towgs84}`;
}

const GREENWICH = 8901;

/** Projection methods: PROJ's name, and which parameters it takes. Source: GeoTIFF 1.1, annex C.6.3.3.3. */
const METHODS: Readonly<Record<number, readonly [name: string, ...parameters: Parameter[]]>> = {
  1: ["tmerc", "lat_0", "lon_0", "k"],
  7: ["merc", "lon_0", "k", "lat_ts"],
  8: ["lcc", "lat_1", "lat_2", "lat_0", "lon_0"],
  9: ["lcc", "lat_1_origin", "lat_0", "lon_0", "k"],
  10: ["laea", "lat_0", "lon_0"],
  11: ["aea", "lat_1", "lat_2", "lat_0", "lon_0"],
  12: ["aeqd", "lat_0", "lon_0"],
  13: ["eqdc", "lat_1", "lat_2", "lat_0", "lon_0"],
  15: ["stere", "pole", "lon_0", "k"],
  16: ["sterea", "lat_0", "lon_0", "k"],
  17: ["eqc", "lat_ts", "lat_0", "lon_0"],
  24: ["sinu", "lon_0"],
  28: ["cea", "lat_ts", "lon_0"],
};
type Parameter = "lat_0" | "lon_0" | "k" | "lat_1" | "lat_2" | "lat_1_origin" | "lat_ts" | "pole";

const LINEAR_UNITS: Readonly<Record<number, number>> = { 9001: 1, 9002: 0.3048, 9003: 1200 / 3937 };

function projectedDefinition(keys: GeoKeys): string | undefined {
  const datum = datumOf(keys);
  const method = METHODS[keys.number(KEYS.projectionMethod) ?? 0];
  const projection = keys.number(KEYS.projection) ?? USER_DEFINED;
  const utm = /^16([01])(\d\d)$/.exec(`${projection}`); // 16001–16060 north, 16101–16160 south
  const meters = LINEAR_UNITS[keys.number(KEYS.linearUnits) ?? 9001] ?? keys.number(KEYS.linearUnitSize);
  if (datum === undefined || meters === undefined) return undefined;
  if (utm) return `+proj=utm +zone=${Number(utm[2])}${utm[1] === "1" ? " +south" : ""} ${datum} +units=m +no_defs`;
  if (method === undefined) return undefined;
  const [name, ...parameters] = method;
  const first = (...names: (keyof typeof KEYS)[]): number =>
    names.map((key) => keys.number(KEYS[key])).find((value) => value !== undefined) ?? 0;
  const latitude = first("naturalOriginLatitude", "falseOriginLatitude", "centerLatitude");
  const scale = first("scaleAtNaturalOrigin", "scaleAtCenter") || 1;
  const texts: Readonly<Record<Parameter, string>> = {
    lat_0: `+lat_0=${latitude}`,
    lon_0: `+lon_0=${first("naturalOriginLongitude", "falseOriginLongitude", "centerLongitude", "straightVerticalPoleLongitude")}`,
    k: scale === 1 ? "" : `+k_0=${scale}`,
    lat_1: `+lat_1=${first("standardParallel1")}`,
    lat_2: `+lat_2=${first("standardParallel2")}`,
    lat_1_origin: `+lat_1=${latitude}`,
    lat_ts: `+lat_ts=${first("standardParallel1")}`,
    pole: `+lat_0=${latitude < 0 ? -90 : 90} +lat_ts=${latitude}`,
  };
  // False easting and northing are in the file's units, PROJ's x_0 and y_0 in meters.
  const x = first("falseEasting", "falseOriginEasting", "centerEasting") * meters;
  const y = first("falseNorthing", "falseOriginNorthing", "centerNorthing") * meters;
  const values = parameters.map((parameter) => texts[parameter]).join(" ");
  return `+proj=${name} ${values} +x_0=${x} +y_0=${y} ${datum} ${meters === 1 ? "+units=m" : `+to_meter=${meters}`} +no_defs`;
}
