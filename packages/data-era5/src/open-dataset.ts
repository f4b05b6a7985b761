import { stat } from "node:fs/promises";
import { FormatError } from "@graticule/core";
import { type ByteSource, HttpError, openByteSource, resolveAddress } from "@graticule/data";
import {
  type Chunk,
  type ChunkCache,
  findSuperblock,
  makeChunkCache,
  openHdf5,
  type StoredDataset,
  scopeCache,
} from "@graticule/data/arrays";
import { decodeVariable } from "./cf/decode-variable.js";
import type { GriddedDataset } from "./gridded-dataset.js";
import { openNetcdf3 } from "./netcdf3/open-netcdf3.js";
import { type KeyStore, openFolderStore, openHttpStore } from "./zarr/key-store.js";
import { openZarr } from "./zarr/open-zarr.js";
import { openZipStore } from "./zarr/zip-store.js";

export interface OpenDatasetOptions {
  /** Most values that one read may yield; 2²⁸ if absent. */
  readonly maxValues?: number;
  /** Decoded chunks that are kept for the next read, if a read took a part of them. Units: bytes; 2²⁶ if absent. */
  readonly cacheBytes?: number;
}

/** An open file or store. */
export interface FileDataset extends GriddedDataset {
  /** As "NetCDF-4" or "Zarr v3". */
  readonly format: string;
  /** Variables that are left out, and why: they hold text, say, or need a filter that is not supported. */
  readonly skipped: Readonly<Record<string, string>>;
}

export const DEFAULT_MAX_VALUES = 2 ** 28;
const DEFAULT_CACHE_BYTES = 2 ** 26;

/**
 * Opens NetCDF (classic, 64-bit offset, CDF-5, NetCDF-4), HDF5 or Zarr data: a file, a folder, a zip, or any of them
 * behind HTTP. The content decides what it is, not the name. Only metadata is read until a variable is.
 *
 * @throws {FormatError} if the content is broken or of another kind; for GRIB the message names the conversion.
 */
export async function openDataset(uri: string, options: OpenDatasetOptions = {}): Promise<FileDataset> {
  const { maxValues = DEFAULT_MAX_VALUES } = options;
  return openDatasetWith(uri, maxValues, makeDatasetCache(options));
}

/** Keeps decoded chunks for one dataset, or for all files of a series. */
export type DatasetCache = ChunkCache<Chunk | undefined>;

export function makeDatasetCache({ cacheBytes = DEFAULT_CACHE_BYTES }: OpenDatasetOptions): DatasetCache {
  return makeChunkCache(cacheBytes);
}

/** Opens a dataset whose decoded chunks go to a cache that others may share. */
export async function openDatasetWith(uri: string, maxValues: number, shared: DatasetCache): Promise<FileDataset> {
  const cache = scopeCache(shared, uri);
  const address = resolveAddress(uri);
  const isFolder = address.kind === "file" && (await stat(address.path).catch(() => undefined))?.isDirectory();
  const { stored, close } = isFolder
    ? await openStore(openFolderStore(address.path), cache)
    : await openFile(uri, cache).catch(async (error) => {
        // An address that is no object may be the root of a store.
        const found = address.kind === "http" && (await findHttpStore(address.url, cache, error));
        if (found) return found;
        throw error;
      });
  const variables = stored.variables.map((variable) => decodeVariable(uri, variable, maxValues));
  return {
    uri,
    format: stored.format,
    dimensions: stored.dimensions,
    variables: new Map(variables.map((variable) => [variable.name, variable])),
    attributes: stored.attributes,
    skipped: stored.skipped,
    close,
  };
}

/** What a reader made of a file or store, and how to let go of it. */
interface Opened {
  readonly stored: StoredDataset;
  readonly close: () => Promise<void>;
}

async function openStore(store: KeyStore, cache: DatasetCache): Promise<Opened> {
  const found = await findStore(store, cache);
  if (found) return found;
  throw new FormatError(store.uri, "Zarr metadata", "none", "Check the path: it must be the store's root.");
}

async function findStore(store: KeyStore, cache: DatasetCache): Promise<Opened | undefined> {
  const stored = await openZarr(store, cache);
  return stored && { stored, close: () => store.close() };
}

/**
 * The store at an address, if there is one. `asObject` says why the address is no object: where none is there, what is
 * wrong with the store is worth more to know.
 */
async function findHttpStore(url: string, cache: DatasetCache, asObject: unknown): Promise<Opened | undefined> {
  return findStore(openHttpStore(url), cache).catch((error) => {
    if (asObject instanceof HttpError && error instanceof FormatError) throw error;
    return undefined;
  });
}

async function openFile(uri: string, cache: DatasetCache): Promise<Opened> {
  const source = await openByteSource(uri);
  try {
    return await openContent(source, cache);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Opens what a source holds, by its content. */
export async function openContent(source: ByteSource, cache: DatasetCache): Promise<Opened> {
  const start = await source.read(0, Math.min(4, source.size), "the file's first bytes");
  const magic = Buffer.from(start).toString("latin1");
  const close = (): Promise<void> => source.close();
  if (["CDF\x01", "CDF\x02", "CDF\x05"].includes(magic)) return { stored: await openNetcdf3(source), close };
  if (magic === "PK\x03\x04") return openStore(await openZipStore(source), cache);
  if (magic === "GRIB") throw gribError(source.uri);
  const superblock = await findSuperblock(source);
  if (superblock !== undefined) return { stored: await openHdf5(source, superblock, cache), close };
  throw new FormatError(
    source.uri,
    "NetCDF, HDF5 or Zarr data",
    source.size === 0 ? "an empty file" : `a file that starts with ${JSON.stringify(magic)}`,
    "Check that the file is complete.",
  );
}

function gribError(uri: string): FormatError {
  return new FormatError(
    uri,
    "NetCDF, HDF5 or Zarr data",
    "a GRIB file",
    "Convert it: `grib_to_netcdf -k 4 -o out.nc in.grib` or `cdo -f nc4 copy in.grib out.nc`.",
  );
}
