import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@graticule/core";
import { SPLITS, type Split } from "@graticule/data";

/** One image file of a folder; `path` is relative to the root, with forward slashes. */
export interface FolderEntry {
  readonly path: string;
  /** Index into `classNames`; −1 in a folder without classes. */
  readonly label: number;
  /** The split that the file's folder stands for; undefined if the folders don't say. */
  readonly split: Split | undefined;
}

export interface FolderListing {
  readonly entries: readonly FolderEntry[];
  /** Sorted; empty for a folder without classes. */
  readonly classNames: readonly string[];
}

const IMAGE_NAME = /\.(jpe?g|png|g?tiff?|cog)$/i;

/**
 * Lists the images of `root/{train,val,test}/class/*`, `root/class/*`, or the same without class folders. The order
 * is that of the names' code units, the same on every machine. Names that start with a dot are left out.
 *
 * @throws {ConfigError} if the root is no folder or holds no image.
 */
export async function listImageFolder(root: string): Promise<FolderListing> {
  const paths = await listImagePaths("openImageFolder", root);
  const hasSplits = paths.some((path) => SPLITS.some((split) => path.startsWith(`${split}/`)));
  const parts = paths.map((path) => {
    const folders = path.split("/").slice(0, -1);
    const split = SPLITS.find((name) => hasSplits && name === folders[0]);
    return { path, split, className: folders[split === undefined ? 0 : 1] };
  });
  const used = hasSplits ? parts.filter(({ split }) => split !== undefined) : parts;
  const inClasses = used.filter(({ className }) => className !== undefined);
  const classNames = [...new Set(inClasses.map(({ className }) => className as string))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const entries = (classNames.length > 0 ? inClasses : used).map(({ path, split, className }) => ({
    path,
    split,
    label: className === undefined ? -1 : classNames.indexOf(className),
  }));
  return { entries, classNames };
}

/**
 * Paths of all images below a folder, relative to it, with forward slashes, in the order of their code units.
 *
 * @throws {ConfigError} if the root is no folder or holds no image.
 */
export async function listImagePaths(where: string, root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true }).catch((cause) => {
    throw new ConfigError(`${where}: expected a folder, got '${root}'. Check the path.`, { cause });
  });
  const paths = names
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => IMAGE_NAME.test(name) && !name.split("/").some((part) => part.startsWith(".")))
    .sort((a, b) => (a < b ? -1 : 1));
  if (paths.length === 0)
    throw new ConfigError(
      `${where}: expected images (.jpg, .png, .tif) below '${root}', got none. Put them in ${join(root, "CLASS")} or ${join(root, "train", "CLASS")}.`,
    );
  return paths;
}
