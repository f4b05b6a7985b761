import type { Box } from "@graticule/data";
import type { BandSelection, Georeference } from "@graticule/data-geotiff";

export interface CubeWindow extends Box {
  /** Zero-based indices or band names, in the order wanted; all bands if absent. */
  readonly bands?: BandSelection;
}

/** What a cube's file says of its bands and place, whatever the format. */
export interface CubeDescription {
  readonly path: string;
  readonly format: "ENVI" | "MATLAB" | "GeoTIFF";
  readonly height: number;
  readonly width: number;
  readonly bands: number;
  readonly bandNames: readonly string[];
  /** Number type of the file, e.g. `uint16`. */
  readonly dtype: string;
  /** Band centers. Units: nm. */
  readonly wavelengthsNm?: readonly number[];
  /** Full widths of the bands at half maximum. Units: nm. */
  readonly fwhmNm?: readonly number[];
  /** Indices of the bands that the file marks as bad, ascending. */
  readonly badBands: readonly number[];
  /** What values measure: `reflectance` where the file has a reflectance scale, else what it says, if it does. */
  readonly unit?: string;
  /** Factors and terms that reads apply, one a band: value = stored · scale + offset. Absent for stored numbers. */
  readonly scales?: readonly number[];
  readonly offsets?: readonly number[];
  /** The stored number that stands for "no data"; reads give NaN for it. */
  readonly nodata?: number;
  readonly georeference?: Georeference;
}

/** A hyperspectral cube, read by windows. */
export interface Cube extends CubeDescription {
  /**
   * Shape: `[C, height, width]` of the window. Units: the cube's `unit`; nodata is NaN.
   *
   * @throws {ConfigError} if a band doesn't exist. @throws {RangeError} if the window leaves the cube.
   * @throws {FormatError} if the file is broken or the window holds more than `maxValues`.
   */
  readWindow(window: CubeWindow): Promise<Float32Array>;
  /** Lets go of the file; later reads open it again. */
  close(): Promise<void>;
}

/**
 * Reads bands of a window that has been checked, into `room` if it is given and the format can; the result is `room`
 * then. Shape: `[bands.length, window.height, window.width]`.
 */
export type WindowSource = (
  window: Box,
  bands: readonly number[],
  room?: Float32Array,
) => Float32Array | Promise<Float32Array>;

export interface CubeLimits {
  /** Most values (pixels times bands) of one window, and of an array that must be unpacked whole. 2²⁸ if absent. */
  readonly maxValues?: number;
  /** Files up to this size are kept in memory once read. 2²⁶ if absent. Units: bytes. */
  readonly cacheBytes?: number;
}

export interface CubeOptions extends CubeLimits {
  /** `scaled` (if absent) applies the file's scales and offsets; `stored` gives its own numbers. */
  readonly values?: "scaled" | "stored";
  /** Unit of the file's wavelengths where it doesn't say; if absent, numbers from 100 on are nm and below are µm. */
  readonly wavelengthUnit?: string;
  /** MATLAB: the variable that holds the cube, where the file has several. */
  readonly variable?: string;
  /** MATLAB: `[H, W]` of a matrix of spectra (pixels by bands, or bands by pixels). */
  readonly shape?: readonly [height: number, width: number];
  /** MATLAB: the order of a matrix's pixels; `column` (MATLAB's reshape) if absent. */
  readonly pixelOrder?: "column" | "row";
}

export const DEFAULT_MAX_VALUES = 2 ** 28;
export const DEFAULT_CACHE_BYTES = 2 ** 26;
