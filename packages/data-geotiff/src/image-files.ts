import { ConfigError } from "@graticule/core";
import type { ChannelSchema, Dataset, DatasetSpec, JsonValue, Sample } from "@graticule/data";
import { type BandSelection, selectBands } from "./band-selection.js";
import { openImageFile } from "./image-file.js";

export interface ImageFilesOptions {
  /** JPEG, PNG or TIFF files. */
  readonly paths: readonly string[];
  /** Bands to read, by zero-based index or name; all if absent. */
  readonly bands?: BandSelection;
  /** What the bands are, where the files don't tell; the first readable file's names if absent. */
  readonly schema?: ChannelSchema;
}

/**
 * Opens a list of image files without labels as a dataset, in the order given. The schema comes from the first
 * readable file.
 *
 * @throws {ConfigError} if the list is empty. @throws {FormatError} if no file can be read; a read of a broken file
 * rejects with one naming it.
 */
export async function openImageFiles({ paths, bands, ...options }: ImageFilesOptions): Promise<Dataset> {
  if (paths.length === 0)
    throw new ConfigError("openImageFiles: expected at least one file, got none. Name some images.");
  const schema = options.schema ?? (await firstSchema(paths, bands));
  async function read(index: number): Promise<Sample> {
    const path = paths[index];
    if (path === undefined)
      throw new RangeError(`read: expected an index from 0 to ${paths.length - 1}, got ${index}.`);
    const image = await openImageFile(path);
    const selected = selectBands(path, image.bandNames, bands);
    return { pixels: await image.read(selected), shape: [selected.length, image.height, image.width], id: path };
  }
  return { length: paths.length, schema, read };
}

/** How worker threads open the same files. */
export function imageFilesSpec(options: ImageFilesOptions): DatasetSpec {
  return { module: import.meta.url, export: "openImageFiles", options: options as unknown as JsonValue };
}

async function firstSchema(paths: readonly string[], bands: BandSelection | undefined): Promise<ChannelSchema> {
  let failure: unknown;
  for (const path of paths)
    try {
      const { bandNames } = await openImageFile(path);
      return selectBands(path, bandNames, bands).map((band) => ({ name: bandNames[band] as string }));
    } catch (error) {
      failure ??= error;
    }
  throw failure;
}
