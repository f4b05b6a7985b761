import { FormatError } from "@graticule/core";
import type { Box } from "@graticule/data";
import { selectBands } from "@graticule/data-geotiff";
import { type Cube, type CubeDescription, type CubeWindow, DEFAULT_MAX_VALUES, type WindowSource } from "./cube.js";

interface CubeSettings {
  readonly maxValues?: number | undefined;
  readonly close?: () => Promise<void>;
}

/** Each cube's `readWindow` with room for the result. */
const fills = new WeakMap<Cube, (window: CubeWindow, room?: Float32Array) => Promise<Float32Array>>();

/** A cube out of its description and a reader: windows are checked here, for every format alike. */
export function makeCube(
  description: CubeDescription,
  read: WindowSource,
  { maxValues = DEFAULT_MAX_VALUES, close = async () => {} }: CubeSettings,
): Cube {
  const { path, bandNames } = description;
  async function fill({ bands, ...window }: CubeWindow, room?: Float32Array): Promise<Float32Array> {
    const selected = selectBands(path, bandNames, bands);
    assertInside(description, window);
    const count = selected.length * window.height * window.width;
    if (count > maxValues)
      throw new FormatError(
        path,
        `at most ${maxValues} values`,
        `${count}`,
        "Read smaller windows or fewer bands, or raise maxValues.",
      );
    return read(window, selected, room);
  }
  const cube: Cube = { ...description, readWindow: (window) => fill(window), close };
  fills.set(cube, fill);
  return cube;
}

/**
 * Reads a window into `room`, which has its size: without a copy where the format can.
 *
 * @throws as `readWindow` does.
 */
export async function fillWindow(cube: Cube, window: CubeWindow, room: Float32Array): Promise<void> {
  const values = await (fills.get(cube) ?? cube.readWindow)(window, room);
  if (values !== room) room.set(values);
}

function assertInside(cube: CubeDescription, { row, column, height, width }: Box): void {
  const whole = [row, column, height, width].every(Number.isInteger);
  const inside = row >= 0 && column >= 0 && row + height <= cube.height && column + width <= cube.width;
  if (!whole || !inside || height < 1 || width < 1)
    throw new RangeError(
      `readWindow: expected a window inside ${cube.width} by ${cube.height} pixels, got ${width} by ${height} at column ${column}, row ${row} of ${cube.path}.`,
    );
}

/** Far more than any spectrometer has; a broken header may claim billions. */
const MOST_BANDS = 2 ** 20;

/**
 * `band 1` and on, or the names that the file gives if there is one for each band and no two are equal.
 *
 * @throws {FormatError} if there are more bands than could be.
 */
export function uniqueBandNames(path: string, names: readonly string[] | undefined, bands: number): string[] {
  if (!(bands <= MOST_BANDS)) throw new FormatError(path, `at most ${MOST_BANDS} bands`, `${bands}`);
  if (names?.length === bands && new Set(names).size === bands && !names.includes("")) return [...names];
  return Array.from({ length: bands }, (_, band) => `band ${band + 1}`);
}
