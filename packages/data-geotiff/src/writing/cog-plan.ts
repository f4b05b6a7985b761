import { ConfigError } from "@graticule/core";
import type { GeoKeyTables } from "../crs/geo-keys.js";
import type { GeoTransform } from "../grid/geo-transform.js";
import { type BlockCoding, COMPRESSION_TAGS, type CogCompression } from "./block-encoder.js";
import type { OverviewResampling } from "./downsample.js";
import { type CogDtype, type PixelType, pixelType, WRITABLE_DTYPES } from "./pixel-types.js";

export interface CogOptions {
  readonly width: number;
  readonly height: number;
  /** Number of bands; 1 if absent. */
  readonly bands?: number;
  readonly dtype: CogDtype;
  /** Side of a tile, a multiple of 16. Units: pixels. 512 if absent, less for a smaller raster. */
  readonly tileSize?: number;
  /** "deflate" if absent. */
  readonly compression?: CogCompression;
  /** Compression effort; 6 for deflate, 9 for Zstandard if absent, as GDAL has it. */
  readonly level?: number;
  /** Whether neighbors are differenced first; true if absent. */
  readonly predictor?: boolean;
  /** Stands for "no data"; NaN is written as this value, and so is what was never written. */
  readonly nodata?: number | undefined;
  /** EPSG code of the coordinate system. */
  readonly epsg?: number | undefined;
  /** A raster's coordinate system as its file stores it, instead of a code: any system is kept. */
  readonly geoKeys?: GeoKeyTables | undefined;
  /** Maps (column, row) of a pixel's upper left corner to coordinates. */
  readonly transform?: GeoTransform | undefined;
  readonly bandNames?: readonly string[];
  /** One number a band: value = stored · scale + offset. Noted in the file; pixels are stored as they are given. */
  readonly scales?: readonly number[];
  readonly offsets?: readonly number[];
  /** More items of GDAL's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Red, green and blue, 0 to 255, of each value from 0 on, for one band of uint8. */
  readonly palette?: readonly (readonly [red: number, green: number, blue: number])[];
  /** How overviews are made, each from the level before; "average" for floats, "nearest" for integers if absent. */
  readonly resampling?: OverviewResampling;
  /** Number of overviews; as many as it takes to fit the last into one tile if absent. */
  readonly overviews?: number;
  /** BigTIFF whatever the size; it is used above 4 GiB in any case. */
  readonly bigTiff?: boolean;
  /** Most memory for tiles that are only partly written; older ones wait on disk. Units: bytes. 256 MiB if absent. */
  readonly maxOpenBytes?: number;
}

/** Size of one level. Units: pixels, tiles. */
export interface LevelSize {
  readonly width: number;
  readonly height: number;
  readonly tilesAcross: number;
  readonly tilesDown: number;
}

/** Checked options with every default filled in. */
export interface CogPlan
  extends Pick<
    CogOptions,
    "nodata" | "epsg" | "geoKeys" | "transform" | "bandNames" | "scales" | "offsets" | "metadata" | "palette"
  > {
  readonly bands: number;
  readonly type: PixelType;
  readonly tileSize: number;
  readonly coding: BlockCoding;
  readonly resampling: OverviewResampling;
  /** Full resolution first. */
  readonly levels: readonly LevelSize[];
  readonly forceBig: boolean;
  readonly maxOpenBytes: number;
}

const DEFAULT_TILE_SIZE = 512;
const DEFAULT_OPEN_BYTES = 2 ** 28;
const MAX_BANDS = 65_535;
/** As the reader has it, so that what is written can be read. */
const MAX_TILE_VALUES = 2 ** 27;

/** @throws {ConfigError} naming the option that is out of range. */
export function planCog(options: CogOptions): CogPlan {
  const { width, height, bands = 1, dtype, compression = "deflate" } = options;
  const check = (ok: boolean, name: string, expected: string, got: unknown, advice = ""): void => {
    if (!ok) throw new ConfigError(`openCogWriter: expected ${name} ${expected}, got ${got}.${advice && ` ${advice}`}`);
  };
  for (const [name, size] of Object.entries({ width, height }))
    check(Number.isInteger(size) && size > 0 && size < 2 ** 31, name, "from 1 to 2^31 - 1", size);
  check(Number.isInteger(bands) && bands > 0 && bands <= MAX_BANDS, "bands", `from 1 to ${MAX_BANDS}`, bands);
  check(WRITABLE_DTYPES.includes(dtype), "dtype", `among ${WRITABLE_DTYPES.join(", ")}`, dtype);
  check(Object.hasOwn(COMPRESSION_TAGS, compression), "compression", "deflate, zstd or none", compression);
  const { tileSize = Math.min(DEFAULT_TILE_SIZE, Math.ceil(Math.max(width, height) / 16) * 16) } = options;
  check(Number.isInteger(tileSize) && tileSize > 0 && tileSize % 16 === 0, "tileSize", "a multiple of 16", tileSize);
  check(
    tileSize * tileSize * bands <= MAX_TILE_VALUES,
    "tileSize",
    `for tiles of at most ${MAX_TILE_VALUES} values`,
    `${tileSize} with ${bands} bands`,
    "Choose smaller tiles.",
  );
  for (const name of ["bandNames", "scales", "offsets"] as const) {
    const { length = bands } = options[name] ?? {};
    check(length === bands, name, `of ${bands} bands`, `${length}`);
  }
  const { epsg, geoKeys, transform, nodata, level, palette } = options;
  check(epsg === undefined || (Number.isInteger(epsg) && epsg > 0 && epsg < 32_767), "epsg", "from 1 to 32766", epsg);
  check(transform === undefined || transform.every(Number.isFinite), "transform", "of six numbers", transform);
  const maxLevel = compression === "zstd" ? 22 : 9;
  check(
    level === undefined || (Number.isInteger(level) && level >= 1 && level <= maxLevel),
    "level",
    `from 1 to ${maxLevel}`,
    level,
  );
  const type = pixelType(dtype);
  const isFloat = type.sampleFormat === 3;
  const [low, high] = type.range;
  check(
    nodata === undefined || isFloat || (Number.isInteger(nodata) && nodata >= low && nodata <= high),
    "nodata",
    `that ${dtype} can hold, from ${low} to ${high}`,
    nodata,
  );
  check(
    palette === undefined || (bands === 1 && dtype === "uint8" && palette.length <= 256),
    "palette",
    "for one band of uint8, of at most 256 colors",
    `${palette?.length} colors for ${bands} of ${dtype}`,
  );
  const { resampling = isFloat ? "average" : "nearest", overviews } = options;
  check(["average", "nearest", "mode"].includes(resampling), "resampling", "average, nearest or mode", resampling);
  const isCount = overviews === undefined || (Number.isInteger(overviews) && overviews >= 0);
  check(isCount, "overviews", "a number from 0", overviews);
  const levels = [levelSize(width, height, tileSize)];
  const wanted = overviews ?? Math.ceil(Math.log2(Math.max(levels[0]?.tilesAcross ?? 1, levels[0]?.tilesDown ?? 1)));
  for (let made = 0; made < wanted; made++) {
    const last = levels[made] as LevelSize;
    if (last.width === 1 && last.height === 1) break;
    levels.push(levelSize(Math.ceil(last.width / 2), Math.ceil(last.height / 2), tileSize));
  }
  const {
    bandNames,
    scales,
    offsets,
    metadata,
    predictor = true,
    bigTiff,
    maxOpenBytes = DEFAULT_OPEN_BYTES,
  } = options;
  return {
    bands,
    type,
    tileSize,
    coding: { compression, predictor, level },
    resampling,
    levels,
    forceBig: bigTiff === true,
    maxOpenBytes,
    nodata: nodata !== undefined && dtype === "float32" ? Math.fround(nodata) : nodata,
    epsg,
    transform,
    ...(bandNames && { bandNames }),
    ...(scales && { scales }),
    ...(offsets && { offsets }),
    ...(metadata && { metadata }),
    ...(geoKeys && { geoKeys }),
    ...(palette && { palette }),
  };
}

function levelSize(width: number, height: number, tileSize: number): LevelSize {
  return { width, height, tilesAcross: Math.ceil(width / tileSize), tilesDown: Math.ceil(height / tileSize) };
}
