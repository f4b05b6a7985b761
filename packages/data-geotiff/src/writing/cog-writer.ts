import { mkdtemp, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError } from "@graticule/core";
import type { Box } from "@graticule/data";
import { cogFields, STRUCTURAL_METADATA } from "./cog-fields.js";
import { type CogOptions, type CogPlan, planCog } from "./cog-plan.js";
import { toStoredPixels } from "./pixel-types.js";
import { encodeTiffStart } from "./tiff-encoding.js";
import { openTilePyramid, type TilePyramid } from "./tile-pyramid.js";

/** A Cloud Optimized GeoTIFF that is being written. */
export interface CogWriter {
  /**
   * Writes a window of any size at any place, each pixel once. Windows that cover whole tiles are fastest. The values
   * must stay as they are until the promise resolves.
   *
   * @param values `[C, height, width]`, in the numbers that the file stores; NaN becomes nodata.
   * @throws {RangeError} if the window leaves the raster, a pixel was written before, or a value doesn't fit the dtype.
   */
  writeWindow(window: Box, values: ArrayLike<number>): Promise<void>;
  /**
   * Finishes the file and gives it its name.
   *
   * @throws {ConfigError} if pixels are missing and the raster has no nodata value, or a window failed; no file is left.
   */
  close(): Promise<void>;
  /** Removes everything written so far; the path is as it was. Does nothing after `close`. */
  abort(): Promise<void>;
}

const MAX_CLASSIC_BYTES = 2 ** 32 - 1;

/**
 * Starts a Cloud Optimized GeoTIFF: tiled, with overviews, directories first, smallest overview's tiles next, full
 * resolution last. Memory stays bounded whatever the raster's size: finished tiles wait compressed in a folder beside
 * the file, from which it is put together, synced and renamed at the end. A crash leaves that folder and no file.
 *
 * Source: Cloud Optimized GeoTIFF specification (cogeotiff/cog-spec); GDAL, COG driver.
 *
 * @throws {ConfigError} naming the option that is out of range.
 */
export async function openCogWriter(path: string, options: CogOptions): Promise<CogWriter> {
  const plan = planCog(options);
  const { width, height } = options;
  const folder = await mkdtemp(join(dirname(path), `.${basename(path)}.writing-`)).catch((cause) => {
    throw new ConfigError(
      `openCogWriter: expected a folder to write in, got '${dirname(path)}' (${(cause as NodeJS.ErrnoException).code}). Make it first.`,
      { cause },
    );
  });
  const pyramid = await openTilePyramid(folder, plan);
  let state: "open" | "failed" | "closed" = "open";
  let last: Promise<void> = Promise.resolve();

  async function writeWindow(window: Box, values: ArrayLike<number>): Promise<void> {
    if (state !== "open")
      throw new RangeError(`writeWindow: expected an open writer, got one that is ${state}. Open another.`);
    assertWindow(window, values, plan);
    const stored = toStoredPixels(values, plan.type, plan.nodata);
    const written = last.then(() => pyramid.paste(window, stored));
    last = written.catch(() => {
      state = "failed";
    });
    return written;
  }

  async function close(): Promise<void> {
    await last;
    try {
      if (state !== "open")
        throw new ConfigError(
          `close: expected an open writer of '${path}' whose windows were all written, got one that is ${state}. Nothing is written.`,
        );
      state = "closed";
      const missing = pyramid.countMissing();
      if (missing > 0 && plan.nodata === undefined)
        throw new ConfigError(
          `close: expected ${width * height} pixels of '${path}', got ${missing} fewer. Write all, or give the writer a nodata value.`,
        );
      await pyramid.finish();
      await assemble(path, join(folder, "cog"), plan, pyramid);
    } finally {
      await cleanUp();
    }
  }

  async function cleanUp(): Promise<void> {
    state = "closed";
    await last;
    await pyramid.close();
    await rm(folder, { recursive: true, force: true });
  }

  return { writeWindow, close, abort: cleanUp };
}

/** Puts the file together under another name, syncs it, and renames it. */
async function assemble(path: string, temporary: string, plan: CogPlan, { spools }: TilePyramid): Promise<void> {
  const offsets = spools.map(({ byteCounts }) => new Float64Array(byteCounts.length));
  const encodeStart = (big: boolean): Uint8Array =>
    encodeTiffStart(
      spools.map(({ byteCounts }, level) => cogFields(plan, level, offsets[level] as Float64Array, byteCounts, big)),
      STRUCTURAL_METADATA,
      big,
    );
  const dataBytes = spools.reduce((sum, spool) => sum + spool.totalBytes(), 0);
  const big = plan.forceBig || encodeStart(false).length + dataBytes > MAX_CLASSIC_BYTES;
  const target = await open(temporary, "wx");
  try {
    let position = encodeStart(big).length;
    for (const [level, spool] of [...spools.entries()].reverse()) {
      await spool.copyTo(target, position, offsets[level] as Float64Array);
      position += spool.totalBytes();
    }
    await target.write(encodeStart(big), 0, undefined, 0);
    await target.sync();
  } finally {
    await target.close();
  }
  await rename(temporary, path);
}

function assertWindow({ row, column, height, width }: Box, values: ArrayLike<number>, plan: CogPlan): void {
  const [full] = plan.levels;
  const whole = [row, column, height, width].every(Number.isInteger) && height > 0 && width > 0;
  if (
    full === undefined ||
    !whole ||
    row < 0 ||
    column < 0 ||
    row + height > full.height ||
    column + width > full.width
  )
    throw new RangeError(
      `writeWindow: expected a window inside ${full?.width} by ${full?.height} pixels, got ${width} by ${height} at column ${column}, row ${row}.`,
    );
  if (values.length !== plan.bands * height * width)
    throw new RangeError(
      `writeWindow: expected ${plan.bands * height * width} values for ${plan.bands} bands of ${width} by ${height} pixels, got ${values.length}.`,
    );
}
