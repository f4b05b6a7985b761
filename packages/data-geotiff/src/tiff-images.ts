import { TAGS, type TiffDirectory } from "./tiff-directory.js";

/** One image of a TIFF with the directories that belong to it. */
export interface TiffImage {
  readonly main: TiffDirectory;
  /** Smaller copies, the largest first. */
  readonly overviews: readonly TiffDirectory[];
  /** Which pixels are valid, for the image and for its smaller copies. */
  readonly masks: readonly TiffDirectory[];
}

const REDUCED = 1;
const MASK = 4;

/** Sorts a TIFF's directories: overviews and masks belong to the image that they follow. Source: TIFF 6.0, NewSubfileType. */
export function groupImages(directories: readonly TiffDirectory[]): readonly TiffImage[] {
  const images: { main: TiffDirectory; overviews: TiffDirectory[]; masks: TiffDirectory[] }[] = [];
  for (const directory of directories) {
    const kind = directory.numbers(TAGS.subfileType)[0] ?? 0;
    const image = images.at(-1);
    if (image === undefined || (kind & (REDUCED | MASK)) === 0)
      images.push({ main: directory, overviews: [], masks: [] });
    else (kind & MASK ? image.masks : image.overviews).push(directory);
  }
  const widthOf = (directory: TiffDirectory): number => directory.numbers(TAGS.imageWidth)[0] ?? 0;
  for (const { overviews } of images) overviews.sort((a, b) => widthOf(b) - widthOf(a));
  return images;
}

/** `[width, height]` as a directory gives them, not yet checked. */
export function imageSize(directory: TiffDirectory): readonly [width: number, height: number] {
  return [directory.numbers(TAGS.imageWidth)[0] ?? 0, directory.numbers(TAGS.imageLength)[0] ?? 0];
}
