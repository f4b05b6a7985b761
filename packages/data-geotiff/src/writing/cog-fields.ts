import { KEYS } from "../crs/geo-keys.js";
import type { GeoTransform } from "../grid/geo-transform.js";
import { COMPRESSION_TAGS, predictorTag } from "./block-encoder.js";
import type { CogPlan, LevelSize } from "./cog-plan.js";
import { isGeographicCode } from "./geographic-codes.js";
import { type TiffField, TYPES } from "./tiff-encoding.js";

/**
 * What GDAL calls the ghost area: says that directories precede the data, that tiles lie in order, and that each is
 * enclosed by its length and its last bytes, so that a reader may fetch a tile without reading the directory first.
 *
 * Source: GDAL, COG driver, "Header ghost area".
 */
export const STRUCTURAL_METADATA = ((promises: string) =>
  `GDAL_STRUCTURAL_METADATA_SIZE=${String(promises.length).padStart(6, "0")} bytes\n${promises}`)(
  "LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\nBLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n ",
);

const REDUCED_RESOLUTION = 1;
const RGB = 2;
const MIN_IS_BLACK = 1;
const PALETTE = 3;
const PIXEL_IS_AREA = 1;

/** The fields of one level's directory. Geography and metadata stand in the first alone. */
export function cogFields(
  plan: CogPlan,
  level: number,
  offsets: ArrayLike<number>,
  byteCounts: ArrayLike<number>,
  big: boolean,
): TiffField[] {
  const { bands, type, tileSize, coding, nodata, palette } = plan;
  const { width, height } = plan.levels[level] as LevelSize;
  const isRgb = bands >= 3 && type.dtype === "uint8" && plan.bandNames?.slice(0, 3).join() === "red,green,blue";
  const extraSamples = bands - (isRgb ? 3 : 1);
  const short = (tag: number, ...values: number[]): TiffField => ({ tag, type: TYPES.short, values });
  const long = (tag: number, ...values: number[]): TiffField => ({ tag, type: TYPES.long, values });
  const fields = [
    long(254, level > 0 ? REDUCED_RESOLUTION : 0),
    long(256, width),
    long(257, height),
    short(258, ...new Array<number>(bands).fill(type.bytes * 8)),
    short(259, COMPRESSION_TAGS[coding.compression]),
    short(262, isRgb ? RGB : palette ? PALETTE : MIN_IS_BLACK),
    short(277, bands),
    short(284, 1),
    short(317, predictorTag(coding, type.sampleFormat === 3)),
    short(322, tileSize),
    short(323, tileSize),
    { tag: 324, type: big ? TYPES.long8 : TYPES.long, values: offsets },
    { tag: 325, type: TYPES.long, values: byteCounts },
    short(339, ...new Array<number>(bands).fill(type.sampleFormat)),
  ];
  if (extraSamples > 0) fields.push(short(338, ...new Array<number>(extraSamples).fill(0)));
  if (palette) fields.push(short(320, ...colorMap(palette)));
  if (nodata !== undefined) fields.push({ tag: 42113, type: TYPES.ascii, values: nodataText(nodata) });
  if (level > 0) return fields;
  const metadata = metadataXml(plan);
  if (metadata !== undefined) fields.push({ tag: 42112, type: TYPES.ascii, values: metadata });
  return [...fields, ...transformFields(plan.transform), ...systemFields(plan)];
}

/** All reds, then greens, then blues, of 16 bits; black for values without a color. Source: TIFF 6.0, ColorMap. */
function colorMap(palette: NonNullable<CogPlan["palette"]>): number[] {
  const map = new Array<number>(3 * 256).fill(0);
  for (const [value, color] of palette.entries())
    for (const [part, level] of color.entries()) map[part * 256 + value] = level * 257;
  return map;
}

function nodataText(nodata: number): string {
  if (Number.isNaN(nodata)) return "nan";
  return Number.isFinite(nodata) ? String(nodata) : nodata > 0 ? "inf" : "-inf";
}

function transformFields(transform: GeoTransform | undefined): TiffField[] {
  if (transform === undefined) return [];
  const [x, width, rowRotation, y, columnRotation, height] = transform;
  if (rowRotation === 0 && columnRotation === 0 && width > 0 && height < 0)
    return [
      { tag: 33550, type: TYPES.double, values: [width, -height, 0] },
      { tag: 33922, type: TYPES.double, values: [0, 0, 0, x, y, 0] },
    ];
  return [
    {
      tag: 34264,
      type: TYPES.double,
      values: [width, rowRotation, 0, x, columnRotation, height, 0, y, 0, 0, 0, 0, 0, 0, 0, 1],
    },
  ];
}

/** A raster's own keys, or else model type, raster type, and the code of the system. Source: OGC GeoTIFF 1.1 (19-008r4). */
function systemFields({ transform, epsg, geoKeys }: CogPlan): TiffField[] {
  const shorts = (values: readonly number[]): TiffField => ({ tag: 34735, type: TYPES.short, values });
  if (geoKeys) {
    const { directory, doubles, ascii } = geoKeys;
    // The transform is of pixels' corners, also where the raster's own was of their centers.
    const isRasterType = (at: number): boolean => at > 4 && at % 4 === 3 && directory[at - 3] === KEYS.rasterType;
    const fields = [shorts(directory.map((value, at) => (isRasterType(at) ? PIXEL_IS_AREA : value)))];
    if (doubles.length > 0) fields.push({ tag: 34736, type: TYPES.double, values: doubles });
    if (ascii !== "") fields.push({ tag: 34737, type: TYPES.ascii, values: ascii });
    return fields;
  }
  if (transform === undefined && epsg === undefined) return [];
  const keys: [number, number][] = [[KEYS.rasterType, PIXEL_IS_AREA]];
  if (epsg !== undefined) {
    const geographic = isGeographicCode(epsg);
    keys.unshift([1024, geographic ? 2 : 1]);
    keys.push([geographic ? KEYS.geographicCode : KEYS.projectedCode, epsg]);
  }
  return [shorts([1, 1, 0, keys.length, ...keys.flatMap(([key, value]) => [key, 0, 1, value])])];
}

/** GDAL's own XML: band descriptions, scales, offsets, and the caller's items. */
function metadataXml({ bandNames, scales, offsets, metadata }: CogPlan): string | undefined {
  const items = Object.entries(metadata ?? {}).map(
    ([name, text]) => `<Item name="${escapeXml(name)}">${escapeXml(text)}</Item>`,
  );
  const perBand = (values: readonly (string | number)[] | undefined, name: string, role: string): void => {
    for (const [band, value] of (values ?? []).entries())
      items.push(`<Item name="${name}" sample="${band}" role="${role}">${escapeXml(String(value))}</Item>`);
  };
  perBand(bandNames, "DESCRIPTION", "description");
  perBand(scales, "SCALE", "scale");
  perBand(offsets, "OFFSET", "offset");
  return items.length === 0
    ? undefined
    : `<GDALMetadata>\n${items.map((item) => `  ${item}\n`).join("")}</GDALMetadata>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ENTITIES[letter] as string);
}
