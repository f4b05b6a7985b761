import { existsSync } from "node:fs";
import { type Logger, silentLogger } from "@graticule/core";
import { writeDurably } from "@graticule/data";
import { type BandSelection, blendWindows, openRaster, type Raster, windowsOf } from "@graticule/data-geotiff";
import { changedPart, fingerprintSource, type MapIdentity } from "./map-identity.js";
import { mapLayers, type ProbabilityFormat } from "./map-layers.js";
import { openMapWork, readIdentity, withMapLock } from "./map-work.js";
import { matchBands } from "./match-bands.js";
import type { RowJournal } from "./row-journal.js";
import { scoreNames } from "./score-names.js";
import { makeWindowScorer, type WindowModel } from "./window-model.js";
import { encodeLayers, writeCategoryNames, writeMapFiles } from "./write-map-files.js";

export interface MapRasterOptions {
  /** Bands for the model's channels, in their order; found by name if absent. */
  readonly bands?: BandSelection;
  /** Height of a window, resized to what the model sees; its own if absent. Units: source pixels. */
  readonly windowHeight?: number;
  /** Step from window to window; half of the window if absent. Units: source pixels. */
  readonly stride?: number;
  /** Side of an output pixel; 1 if absent. Units: source pixels. */
  readonly resolution?: number;
  /** Windows that are scored together; the result follows from it in the last digits of sums at most, on our own kernels not at all. */
  readonly batchSize: number;
  readonly probabilities: ProbabilityFormat;
  /** Of the backend that is open. */
  readonly precision: "fp32" | "bf16";
  readonly logger?: Logger;
  /** Hears of windows that were scored, then of rows that were written. */
  readonly onProgress?: (stage: "windows" | "rows", done: number, total: number) => void;
}

/** A raster's map, as it was written. */
export interface RasterMap {
  readonly source: string;
  readonly files: readonly string[];
  /** Windows that were scored this time; 0 if the map was there. */
  readonly windows: number;
  /** How long that took. */
  readonly seconds: number;
  /** Size of the source's pixels that were scored, in the bands that the model sees. Units: bytes, uncompressed. */
  readonly bytes: number;
}

/**
 * Scores a raster of any size by overlapping windows and writes the blended result as COGs on the source's grid:
 * `BASE.classes.tif` and `BASE.probabilities.tif`, or `BASE.values.tif`; `BASE.json` says what they follow from. Finished rows
 * are kept in a folder beside them until the files stand: the same call goes on there after a kill, to the same bytes, and
 * does nothing where the map is there already.
 *
 * @throws {GraticuleError} if another process makes the same map. @throws {ConfigError} if a channel has no band. @throws {RangeError} if windows would leave gaps.
 * @throws {FormatError} {HttpError} if the raster can't be read.
 */
export async function mapRaster(
  model: WindowModel,
  source: string,
  base: string,
  options: MapRasterOptions,
): Promise<RasterMap> {
  const { logger = silentLogger, onProgress } = options;
  const raster = await openRaster(source, { applyMask: true });
  try {
    const windowing = chooseWindows(model, raster, options);
    const identity = await identify(model, source, windowing, options);
    const layers = mapLayers(model.meaning, options.probabilities);
    const files = layers.map(({ suffix }) => `${base}.${suffix}.tif`);
    const record = `${base}.json`;
    if (files.every((file) => existsSync(file)) && (await isOf(record, identity)))
      return { source, files, windows: 0, seconds: 0, bytes: 0 };
    return await withMapLock(base, logger, async () => {
      const { journal, remove } = await openMapWork(base, identity, { source, logger });
      let scored: Scored;
      try {
        scored = await scoreRows(model, raster, windowing, journal, options);
        const plan = windowsOf(raster, windowing);
        await writeMapFiles(base, layers, journal, raster, plan, (rows, total) => onProgress?.("rows", rows, total));
      } finally {
        await journal.close();
      }
      for (const [index, { categories }] of layers.entries())
        if (categories) await writeCategoryNames(files[index] as string, categories);
      await writeDurably(record, `${JSON.stringify(identity, undefined, 2)}\n`);
      await remove();
      return { source, files, ...scored };
    });
  } finally {
    await raster.close();
  }
}

/** What was scored, and how long it took. */
type Scored = Pick<RasterMap, "windows" | "seconds" | "bytes">;

interface Windowing {
  readonly bands: readonly number[];
  readonly windowSize: readonly [height: number, width: number];
  readonly stride?: readonly [down: number, across: number];
  readonly cellSize: number;
}

function chooseWindows(model: WindowModel, raster: Raster, options: MapRasterOptions): Windowing {
  const [height, width] = model.imageSize;
  const { windowHeight = height, stride, resolution: cellSize = 1 } = options;
  return {
    bands: matchBands(raster, model, options.bands),
    windowSize: [windowHeight, Math.round((windowHeight * width) / height)],
    ...(stride !== undefined && { stride: [stride, stride] }),
    cellSize,
  };
}

async function identify(
  model: WindowModel,
  source: string,
  windowing: Windowing,
  { probabilities, precision }: MapRasterOptions,
): Promise<MapIdentity> {
  const settings = { ...windowing, meaning: model.meaning, probabilities, precision };
  return { run: model.hash, source: await fingerprintSource(source), settings };
}

async function isOf(record: string, identity: MapIdentity): Promise<boolean> {
  const stored = await readIdentity(record);
  return stored !== undefined && changedPart(stored, identity) === undefined;
}

/** Scores what a journal lacks. */
async function scoreRows(
  model: WindowModel,
  raster: Raster,
  windowing: Windowing,
  journal: RowJournal,
  { batchSize, probabilities, logger = silentLogger, onProgress }: MapRasterOptions,
): Promise<Scored> {
  const layers = mapLayers(model.meaning, probabilities);
  const plan = windowsOf(raster, windowing);
  const firstRow = journal.nextRow;
  if (firstRow > 0) logger.info(`${raster.path}: going on at row ${firstRow} of ${plan.cellsDown}`);
  const score = makeWindowScorer(model, logger);
  const began = performance.now();
  let windows = 0;
  const strips = blendWindows(raster, {
    ...windowing,
    ...{ batchSize, firstRow, numOutputs: scoreNames(model.meaning).length },
    score: (images) => {
      windows += images.length;
      return score(images);
    },
    onProgress: (done, total) => onProgress?.("windows", done, total),
  });
  for await (const { row, rows, values } of strips)
    await journal.append({ row, rows, bytes: encodeLayers(layers, values) });
  const rowBytes = raster.width * windowing.bands.length * itemBytes(raster);
  const bytes = Math.max(0, raster.height - firstRow * plan.cellSize) * rowBytes;
  return { windows, seconds: (performance.now() - began) / 1000, bytes };
}

/** Units: bytes, of a part for types below a byte. */
const itemBytes = ({ dtype }: Raster): number => Number(/\d+$/.exec(dtype)?.[0] ?? 8) / 8;
