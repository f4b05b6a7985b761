import { type Crs, parseCrs } from "./crs.js";

/**
 * The UTM zone of a place on WGS 84, with the wider zones of Norway and Svalbard.
 *
 * Source: EPSG 32601–32660 and 32701–32760; NGA.STND.0014, section 7.
 *
 * @throws {RangeError} beyond 84° north and 80° south, where polar systems (EPSG 5041, 5042) take over.
 */
export function utmCrs(longitude: number, latitude: number): Crs {
  if (!(latitude >= -80 && latitude <= 84) || !Number.isFinite(longitude))
    throw new RangeError(
      `utmCrs: expected a latitude from -80 to 84, got longitude ${longitude}, latitude ${latitude}. Use a polar system there.`,
    );
  const wrapped = ((((longitude + 180) % 360) + 360) % 360) - 180;
  return parseCrs((latitude < 0 ? 32700 : 32600) + zoneOf(wrapped, latitude));
}

function zoneOf(longitude: number, latitude: number): number {
  if (latitude >= 56 && latitude < 64 && longitude >= 3 && longitude < 12) return 32;
  if (latitude >= 72 && longitude >= 0 && longitude < 42)
    return longitude < 9 ? 31 : longitude < 21 ? 33 : longitude < 33 ? 35 : 37;
  return Math.floor((longitude + 180) / 6) + 1;
}
