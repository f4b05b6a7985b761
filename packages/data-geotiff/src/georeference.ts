import { TAGS, type TiffDirectory } from "./tiff-directory.js";

/** `[originX, pixelWidth, rowRotation, originY, columnRotation, pixelHeight]`, GDAL's order; pixelHeight is negative where north is up. */
export type GeoTransform = readonly [number, number, number, number, number, number];

/** Where a raster lies. */
export interface Georeference {
  /** EPSG code of the coordinate system, if the file names one. */
  readonly epsg?: number;
  /** The coordinate system's citation as the file writes it. */
  readonly crs?: string;
  /** Maps (column, row) of a pixel's upper left corner to coordinates. */
  readonly transform?: GeoTransform;
}

const GEOGRAPHIC_CODE = 2048;
const PROJECTED_CODE = 3072;
const RASTER_TYPE = 1025;
const CITATIONS = [3073, 1026, 2049];
const PIXEL_IS_POINT = 2;
const USER_DEFINED = 32767;

/** Reads a GeoTIFF's place on the Earth; what the file lacks is absent. Source: OGC GeoTIFF 1.1 (19-008r4). */
export function parseGeoreference(directory: TiffDirectory): Georeference {
  const keys = parseGeoKeys(directory);
  const code = [keys.numbers.get(PROJECTED_CODE), keys.numbers.get(GEOGRAPHIC_CODE)].find(
    (value) => value !== undefined && value > 0,
  );
  const epsg = code === USER_DEFINED ? undefined : code;
  const crs = CITATIONS.map((key) => keys.texts.get(key)).find((text) => text !== undefined);
  const transform = parseTransform(directory, keys.numbers.get(RASTER_TYPE) === PIXEL_IS_POINT ? 0.5 : 0);
  return { ...(epsg && { epsg }), ...(crs && { crs }), ...(transform && { transform }) };
}

function parseGeoKeys(directory: TiffDirectory): { numbers: Map<number, number>; texts: Map<number, string> } {
  const keys = Array.from(directory.numbers(TAGS.geoKeyDirectory));
  const ascii = directory.text(TAGS.geoAsciiParams) ?? "";
  const numbers = new Map<number, number>();
  const texts = new Map<number, string>();
  for (let at = 4; at + 4 <= keys.length; at += 4) {
    const [key, location, count, value] = keys.slice(at, at + 4) as [number, number, number, number];
    if (location === 0) numbers.set(key, value);
    else if (location === TAGS.geoAsciiParams) texts.set(key, ascii.slice(value, value + count).replace(/\|$/, ""));
  }
  return { numbers, texts };
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

/** The transform of a grid whose pixels are `factorX` by `factorY` of these. */
export function scaleTransform(
  [originX, width, rowRotation, originY, columnRotation, height]: GeoTransform,
  factorX: number,
  factorY: number,
): GeoTransform {
  return [originX, width * factorX, rowRotation * factorY, originY, columnRotation * factorX, height * factorY];
}
