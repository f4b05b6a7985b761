import { join } from "node:path";
import { ConfigError, FormatError } from "@graticule/core";
import type {
  ByteImage,
  ByteSample,
  ChannelSchema,
  Dataset,
  DatasetSpec,
  Image,
  JsonValue,
  Sample,
} from "@graticule/data";
import { pickPlaces } from "@graticule/data";
import { type BandSelection, selectBands } from "./band-selection.js";
import { type FolderEntry, listImageFolder } from "./folder-listing.js";
import { type ImageFile, openImageFile } from "./image-file.js";
import { DEFAULT_MAX_VALUES } from "./limits.js";
import { type SplitOptions, splitEntries } from "./split-entries.js";

export interface ImageFolderOptions extends SplitOptions {
  readonly root: string;
  /** Bands to read, by zero-based index or name; all if absent. */
  readonly bands?: BandSelection;
  /** Names, units and wavelengths of the selected bands, where the files don't tell. */
  readonly schema?: ChannelSchema;
  /** Most values (pixels times bands) of one image; guards against hostile headers. */
  readonly maxValues?: number;
}

/**
 * Opens a folder of images as a dataset: `root/{train,val,test}/class/*`, `root/class/*` with a seeded stratified
 * split, or images without classes. JPEG, PNG and TIFF of any number of bands; values stay in the files' own
 * numbers (0–255 for uint8), nodata is NaN. The schema comes from the first readable file.
 *
 * @throws {ConfigError} if the folder, the split or a band does not exist.
 * @throws {FormatError} if no file can be read. A read of a broken file, or of one with another number of bands, rejects with one naming it.
 */
export async function openImageFolder(options: ImageFolderOptions): Promise<Dataset> {
  const { root, bands, maxValues = DEFAULT_MAX_VALUES } = options;
  const listing = await listImageFolder(root);
  const entries = splitEntries(`openImageFolder '${root}'`, listing.entries, options);
  const open = (entry: FolderEntry): Promise<ImageFile> => openImageFile(join(root, entry.path), maxValues);
  const first = await firstReadable(listing.entries, open);
  const selected = selectBands(root, first.bandNames, bands);
  const schema = options.schema ?? selected.map((band) => ({ name: first.bandNames[band] as string }));
  if (schema.length !== selected.length)
    throw new ConfigError(
      `openImageFolder: expected a schema of ${selected.length} channels, one for each band selected, got ${schema.length}.`,
    );

  async function openEntry(index: number): Promise<{ entry: FolderEntry; image: ImageFile }> {
    const entry = entries[index];
    if (entry === undefined)
      throw new RangeError(`read: expected an index from 0 to ${entries.length - 1}, got ${index}.`);
    const image = await open(entry);
    if (image.bandNames.length !== first.bandNames.length)
      throw new FormatError(
        join(root, entry.path),
        `${first.bandNames.length} bands as in the folder's first image`,
        `${image.bandNames.length}`,
        "Keep images of one kind in a folder.",
      );
    return { entry, image };
  }

  const nameSample = <Pixels extends Image | ByteImage>({ path, label }: FolderEntry, image: Pixels) => ({
    ...image,
    id: path,
    ...(label >= 0 && { label }),
  });

  const { classNames } = listing;
  const labels = entries.map(({ label = -1 }) => label);

  function withBands(own: readonly number[], ownSchema: ChannelSchema): Dataset {
    async function read(index: number): Promise<Sample> {
      const { entry, image } = await openEntry(index);
      const pixels = await image.read(own);
      return nameSample(entry, { pixels, shape: [own.length, image.height, image.width] });
    }

    async function readStored(index: number): Promise<Sample | ByteSample> {
      const { entry, image } = await openEntry(index);
      return nameSample(entry, await image.readStored(own));
    }

    const classes = classNames.length > 0 && { classNames, labels };
    return { length: entries.length, schema: ownSchema, ...classes, read, readStored };
  }

  return {
    ...withBands(selected, schema),
    selectChannels: (places) => withBands(pickPlaces(selected, places), pickPlaces(schema, places)),
  };
}

/** How worker threads open the same folder. */
export function imageFolderSpec(options: ImageFolderOptions): DatasetSpec {
  return { module: import.meta.url, export: "openImageFolder", options: options as unknown as JsonValue };
}

async function firstReadable(
  entries: readonly FolderEntry[],
  open: (entry: FolderEntry) => Promise<ImageFile>,
): Promise<ImageFile> {
  let failure: unknown;
  for (const entry of entries)
    try {
      return await open(entry);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      failure ??= error;
    }
  throw failure;
}
