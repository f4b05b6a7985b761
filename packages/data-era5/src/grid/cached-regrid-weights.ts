import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, type Logger, silentLogger } from "@graticule/core";
import type { LatLonGrid } from "./lat-lon-grid.js";
import { makeRegridWeights, type RegridMethod, type RegridWeights } from "./regrid-weights.js";

/** Where regridding weights are kept between runs. */
export interface RegridCache {
  /** Folder; made if absent. */
  readonly directory: string;
  /** Hears of a broken file, which is then made anew. */
  readonly logger?: Logger;
}

/** The file's first bytes; another digit for another layout or another formula. */
const MAGIC = "GRWTS001";
const HEADER_BYTES = 8 + 32 + 5 * 4 + 4;

/**
 * The weights of `makeRegridWeights`, read from a file if they were made before for these very grids.
 *
 * A file's name is the SHA-256 of both grids, method and layout; its content carries a SHA-256 of its own. It appears
 * under its name only once it is whole, so that several processes may share a folder.
 */
export async function cachedRegridWeights(
  source: LatLonGrid,
  target: LatLonGrid,
  method: RegridMethod,
  { directory, logger = silentLogger }: RegridCache,
): Promise<RegridWeights> {
  const path = join(directory, `${method}-${gridPairHash(source, target, method)}.weights`);
  const shapes = [source, target].map((grid) => [grid.latitudes.length, grid.longitudes.length] as const);
  const [sourceShape, targetShape] = shapes as [readonly [number, number], readonly [number, number]];
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (bytes)
    try {
      return { method, sourceShape, targetShape, ...decodeWeights(path, bytes, sourceShape, targetShape) };
    } catch (error) {
      logger.warn(`regridding weights made anew: ${(error as Error).message}`);
    }
  const weights = makeRegridWeights(source, target, method);
  await mkdir(directory, { recursive: true });
  await writeWhole(path, encodeWeights(weights));
  return weights;
}

function gridPairHash(source: LatLonGrid, target: LatLonGrid, method: RegridMethod): string {
  const hash = createHash("sha256").update(`${MAGIC} ${method}`);
  for (const grid of [source, target]) {
    hash.update(`${grid.latitudes.length} ${grid.longitudes.length} ${grid.periodic}`);
    for (const part of [grid.latitudes, grid.longitudes, grid.latitudeBounds, grid.longitudeBounds])
      hash.update(bytesOf(part));
  }
  return hash.digest("hex");
}

function bytesOf(array: Int32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** Layout, little-endian: magic, SHA-256 of what follows, source H W, target H W, count, 4 unused; values; row starts; columns. */
function encodeWeights({ sourceShape, targetShape, rowStarts, columns, values }: RegridWeights): Buffer {
  const counts = Int32Array.of(...sourceShape, ...targetShape, values.length, 0);
  const body = Buffer.concat([counts, values, rowStarts, columns].map(bytesOf));
  return Buffer.concat([Buffer.from(MAGIC, "latin1"), createHash("sha256").update(body).digest(), body]);
}

function decodeWeights(
  path: string,
  bytes: Buffer,
  sourceShape: readonly [number, number],
  targetShape: readonly [number, number],
): Pick<RegridWeights, "rowStarts" | "columns" | "values"> {
  const targets = targetShape[0] * targetShape[1];
  if (bytes.length < HEADER_BYTES || bytes.toString("latin1", 0, 8) !== MAGIC)
    throw new FormatError(path, `a file that starts with ${MAGIC}`, `${bytes.length} bytes without it`);
  const body = bytes.subarray(40);
  if (!createHash("sha256").update(body).digest().equals(bytes.subarray(8, 40)))
    throw new FormatError(path, "content of its SHA-256", "other content");
  const read = Array.from({ length: 5 }, (_, index) => body.readInt32LE(4 * index));
  const count = read[4] as number;
  const size = 24 + 12 * count + 4 * (targets + 1);
  if (read.slice(0, 4).join() !== [...sourceShape, ...targetShape].join() || body.length !== size)
    throw new FormatError(path, `weights from ${sourceShape.join(" x ")} to ${targetShape.join(" x ")}`, read.join());
  // A copy, so that the arrays start at a multiple of their element's size.
  const { buffer } = Uint8Array.from(body);
  const rowsAt = 24 + 8 * count;
  return {
    values: new Float64Array(buffer, 24, count),
    rowStarts: new Int32Array(buffer, rowsAt, targets + 1),
    columns: new Int32Array(buffer, rowsAt + 4 * (targets + 1), count),
  };
}

async function writeWhole(path: string, bytes: Buffer): Promise<void> {
  const partial = `${path}.${randomBytes(6).toString("hex")}.partial`;
  try {
    const file = await open(partial, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
