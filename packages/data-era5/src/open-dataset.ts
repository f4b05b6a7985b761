import { stat } from "node:fs/promises";
import { FormatError } from "@graticule/core";
import { type ByteSource, openByteSource, resolveAddress } from "@graticule/data";
import { decodeVariable } from "./cf/decode-variable.js";
import type { GriddedDataset } from "./gridded-dataset.js";
import { findSuperblock } from "./hdf5/hdf5-file.js";
import { openHdf5 } from "./hdf5/open-hdf5.js";
import { openNetcdf3 } from "./netcdf3/open-netcdf3.js";
import { makeChunkCache } from "./readers/chunk-cache.js";
import type { Chunk } from "./readers/chunked-read.js";
import type { StoredDataset } from "./readers/stored-variable.js";

export interface OpenDatasetOptions {
  /** Most values that one read may yield; 2²⁸ if absent. */
  readonly maxValues?: number;
  /** Decoded chunks that are kept for the next read. Units: bytes; 2²⁶ if absent. */
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
  const { maxValues = DEFAULT_MAX_VALUES, cacheBytes = DEFAULT_CACHE_BYTES } = options;
  const source = await openByteSource(uri);
  try {
    const stored = await openStored(source, cacheBytes);
    return {
      uri: source.uri,
      format: stored.format,
      dimensions: stored.dimensions,
      variables: new Map(
        stored.variables.map((variable) => [variable.name, decodeVariable(source.uri, variable, maxValues)]),
      ),
      attributes: stored.attributes,
      skipped: stored.skipped,
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openStored(source: ByteSource, cacheBytes: number): Promise<StoredDataset> {
  const start = await source.read(0, Math.min(4, source.size), "the file's first bytes");
  const magic = Buffer.from(start).toString("latin1");
  if (["CDF\x01", "CDF\x02", "CDF\x05"].includes(magic)) return openNetcdf3(source);
  if (magic === "GRIB") throw gribError(source.uri);
  const superblock = await findSuperblock(source);
  if (superblock !== undefined) return openHdf5(source, superblock, makeChunkCache<Chunk | undefined>(cacheBytes));
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
