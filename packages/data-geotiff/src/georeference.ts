import type { Crs } from "./crs/crs.js";
import { crsFromGeoKeys, USER_DEFINED } from "./crs/geo-key-crs.js";
import { type GeoKeyTables, geoKeyTables, KEYS, parseGeoKeys } from "./crs/geo-keys.js";
import type { GeoTransform } from "./grid/geo-transform.js";
import { TAGS, type TiffDirectory } from "./tiff-directory.js";

/** Where a raster lies. */
export interface Georeference {
  /** EPSG code of the coordinate system, if the file names one. */
  readonly epsg?: number;
  /** The coordinate system's name as the file writes it. */
  readonly citation?: string;
  /** The coordinate system, if the file describes one that Graticule understands. */
  readonly crs?: Crs;
  /** Maps (column, row) of a pixel's upper left corner to coordinates. */
  readonly transform?: GeoTransform;
  /** The coordinate system as the file stores it, for files that are to lie in the same. */
  readonly geoKeys?: GeoKeyTables;
}

const CITATIONS = [KEYS.projectedCitation, KEYS.citation, KEYS.geographicCitation];
const PIXEL_IS_POINT = 2;

/** Reads a GeoTIFF's place on the Earth; what the file lacks is absent. Source: OGC GeoTIFF 1.1 (19-008r4). */
export function parseGeoreference(directory: TiffDirectory): Georeference {
  const keys = parseGeoKeys(directory);
  const code = [keys.number(KEYS.projectedCode), keys.number(KEYS.geographicCode)].find(
    (value) => value !== undefined && value > 0,
  );
  const epsg = code === USER_DEFINED ? undefined : code;
  const citation = CITATIONS.map((key) => keys.text(key)).find((text) => text !== undefined);
  const crs = crsFromGeoKeys(keys);
  const transform = parseTransform(directory, keys.number(KEYS.rasterType) === PIXEL_IS_POINT ? 0.5 : 0);
  const geoKeys = geoKeyTables(directory);
  return {
    ...(epsg && { epsg }),
    ...(citation && { citation }),
    ...(crs && { crs }),
    ...(transform && { transform }),
    ...(geoKeys && { geoKeys }),
  };
}

function parseTransform(directory: TiffDirectory, shift: number): GeoTransform | undefined {
  const matrix = Array.from(directory.numbers(TAGS.modelTransformation));
  const [scaleX, scaleY] = directory.numbers(TAGS.modelPixelScale);
  const [column, row, , x, y] = directory.numbers(TAGS.modelTiepoint);
  let affine: GeoTransform | undefined;
  if (matrix.length >= 8) {
    const [a, b, , c, d, e, , f] = matrix as [number, number, number, number, number, number, number, number];
    affine = [c, a, b, f, d, e];
  } else if (scaleX !== undefined && scaleY !== undefined && column !== undefined && row !== undefined)
    affine = [(x as number) - column * scaleX, scaleX, 0, (y as number) + row * scaleY, 0, -scaleY];
  if (affine === undefined || shift === 0) return affine;
  const [originX, width, rowRotation, originY, columnRotation, height] = affine;
  return [
    originX - shift * (width + rowRotation),
    width,
    rowRotation,
    originY - shift * (columnRotation + height),
    columnRotation,
    height,
  ];
}
