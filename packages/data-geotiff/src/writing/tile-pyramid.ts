import { join } from "node:path";
import type { Box } from "@graticule/data";
import type { StoredValues } from "@graticule/data/arrays";
import { encodeBlock } from "./block-encoder.js";
import type { CogPlan, LevelSize } from "./cog-plan.js";
import { downsample } from "./downsample.js";
import { makePartialTiles, type PartialTile } from "./partial-tiles.js";
import { openTileSpool, type TileSpool } from "./tile-spool.js";

/** All levels of a raster in the making: what is pasted into one level goes, halved, into the next. */
export interface TilePyramid {
  /** Where each level's finished tiles wait, full resolution first. */
  readonly spools: readonly TileSpool[];
  /** Pastes `[C, height, width]` into full resolution. @throws {RangeError} if a pixel was written before. */
  paste(window: Box, values: StoredValues): Promise<void>;
  /** StoredValues of full resolution that nothing was pasted into. */
  countMissing(): number;
  /** Finishes every tile that is partly written; the rest of it is nodata. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const UNTOUCHED = 0;
const PARTIAL = 1;
const FINISHED = 2;

export async function openTilePyramid(folder: string, plan: CogPlan): Promise<TilePyramid> {
  const { bands, type, tileSize, coding, resampling, nodata } = plan;
  const tileArea = tileSize * tileSize;
  const fill = nodata ?? 0;
  const states = plan.levels.map(({ tilesAcross, tilesDown }) => new Uint8Array(tilesAcross * tilesDown));
  const spools = await Promise.all(
    states.map(({ length }, level) => openTileSpool(join(folder, `level-${level}`), length)),
  );
  const partials = makePartialTiles(join(folder, "partial"), plan.maxOpenBytes);

  async function pasteInto(level: number, window: Box, values: StoredValues): Promise<void> {
    const size = plan.levels[level] as LevelSize;
    const state = states[level] as Uint8Array;
    for (const tile of tilesUnder(window, tileSize, size.tilesAcross)) {
      const box = tileBox(tile, size, tileSize);
      const overlap = intersect(box, window);
      const isWhole = overlap.height === box.height && overlap.width === box.width;
      if (state[tile] === FINISHED || (isWhole && state[tile] === PARTIAL)) throw writtenTwice(overlap);
      const partial = isWhole ? undefined : await takePartial(level, tile, box);
      const target = partial?.values ?? makeTile(box);
      copyPlanes(values, window, target, box, overlap, bands, tileSize);
      if (partial !== undefined) cover(partial, box, overlap, tileSize);
      if (partial === undefined || partial.missing === 0) await finishTile(level, tile, box, target);
      else {
        state[tile] = PARTIAL;
        await partials.put(`${level}/${tile}`, partial);
      }
    }
  }

  /** A tile that is filled at once: only what lies beyond the raster's edge needs nodata. */
  function makeTile(box: Box): StoredValues {
    const tile = new type.make(bands * tileArea);
    return box.height < tileSize || box.width < tileSize ? tile.fill(fill) : tile;
  }

  async function takePartial(level: number, tile: number, box: Box): Promise<PartialTile> {
    const known = await partials.take(`${level}/${tile}`);
    if (known !== undefined) return known;
    const values = new type.make(bands * tileArea).fill(fill);
    return { values, covered: new Uint8Array(tileArea), missing: box.height * box.width };
  }

  async function finishTile(level: number, tile: number, box: Box, values: StoredValues): Promise<void> {
    (states[level] as Uint8Array)[tile] = FINISHED;
    if (level + 1 < plan.levels.length) {
      const rows = Math.ceil(box.height / 2);
      const columns = Math.ceil(box.width / 2);
      const half = new type.make(bands * rows * columns);
      const block = { values, bands, rows: box.height, columns: box.width, planeWidth: tileSize, planeSize: tileArea };
      downsample(block, resampling, nodata, half);
      await pasteInto(level + 1, { row: box.row / 2, column: box.column / 2, height: rows, width: columns }, half);
    }
    await (spools[level] as TileSpool).append(tile, encodeBlock(values, bands, tileSize, coding));
  }

  function partlyWritten(level: number): number[] {
    const state = states[level] as Uint8Array;
    return Array.from(state.keys()).filter((tile) => state[tile] === PARTIAL);
  }

  /** The finest level first, since its tiles add to the coarser ones. */
  async function finish(): Promise<void> {
    for (const [level, size] of plan.levels.entries())
      for (const tile of partlyWritten(level)) {
        const { values } = (await partials.take(`${level}/${tile}`)) as PartialTile;
        await finishTile(level, tile, tileBox(tile, size, tileSize), values);
      }
    await Promise.all(spools.map((spool) => spool.flush()));
  }

  function countMissing(): number {
    let missing = 0;
    for (const [tile, state] of (states[0] as Uint8Array).entries()) {
      const { height, width } = tileBox(tile, plan.levels[0] as LevelSize, tileSize);
      if (state === UNTOUCHED) missing += height * width;
      if (state === PARTIAL) missing += partials.missing(`0/${tile}`);
    }
    return missing;
  }

  async function close(): Promise<void> {
    await Promise.allSettled(spools.map((spool) => spool.flush()));
    await Promise.allSettled([...spools.map((spool) => spool.close()), partials.close()]);
  }

  return { spools, paste: (window, values) => pasteInto(0, window, values), countMissing, finish, close };
}

function* tilesUnder(window: Box, tileSize: number, tilesAcross: number): Generator<number> {
  const lastRow = Math.floor((window.row + window.height - 1) / tileSize);
  const lastColumn = Math.floor((window.column + window.width - 1) / tileSize);
  for (let row = Math.floor(window.row / tileSize); row <= lastRow; row++)
    for (let column = Math.floor(window.column / tileSize); column <= lastColumn; column++)
      yield row * tilesAcross + column;
}

/** The part of the raster that a tile holds. */
function tileBox(tile: number, { width, height, tilesAcross }: LevelSize, tileSize: number): Box {
  const row = Math.floor(tile / tilesAcross) * tileSize;
  const column = (tile % tilesAcross) * tileSize;
  return { row, column, height: Math.min(tileSize, height - row), width: Math.min(tileSize, width - column) };
}

function intersect(a: Box, b: Box): Box {
  const row = Math.max(a.row, b.row);
  const column = Math.max(a.column, b.column);
  return {
    row,
    column,
    height: Math.min(a.row + a.height, b.row + b.height) - row,
    width: Math.min(a.column + a.width, b.column + b.width) - column,
  };
}

function copyPlanes(
  values: StoredValues,
  window: Box,
  target: StoredValues,
  box: Box,
  overlap: Box,
  bands: number,
  tileSize: number,
): void {
  for (let band = 0; band < bands; band++)
    for (let row = overlap.row; row < overlap.row + overlap.height; row++) {
      const from = (band * window.height + row - window.row) * window.width + overlap.column - window.column;
      const to = (band * tileSize + row - box.row) * tileSize + overlap.column - box.column;
      target.set(values.subarray(from, from + overlap.width), to);
    }
}

/** Marks pixels as written. @throws {RangeError} if one was before. */
function cover(tile: PartialTile, box: Box, overlap: Box, tileSize: number): void {
  for (let row = overlap.row; row < overlap.row + overlap.height; row++) {
    const start = (row - box.row) * tileSize + overlap.column - box.column;
    const covered = tile.covered.subarray(start, start + overlap.width);
    if (covered.includes(1)) throw writtenTwice(overlap);
    covered.fill(1);
  }
  tile.missing -= overlap.height * overlap.width;
}

function writtenTwice({ row, column, height, width }: Box): RangeError {
  return new RangeError(
    `writeWindow: expected pixels that were not written before, got ${width} by ${height} at column ${column}, row ${row} of which some were. Blend overlapping windows before you write them.`,
  );
}
