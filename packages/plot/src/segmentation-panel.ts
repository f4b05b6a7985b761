import { ShapeError } from "@graticule/core";
import { type Bands, bandComposite, percentileStretch } from "./band-composite.js";
import { classColors } from "./class-colors.js";
import { encodePng } from "./encode-png.js";
import { printableText } from "./escape-text.js";
import { makeFigure, shortenText } from "./figure.js";

/** An image with the class of each pixel, as it is and as it was found; −1 for none. */
export interface SegmentedPicture {
  /** `[C, H, W]` */
  readonly pixels: Float32Array;
  /** `[H, W]` */
  readonly labels: ArrayLike<number>;
  readonly predictions: ArrayLike<number>;
}

export interface SegmentationOptions {
  readonly images: readonly SegmentedPicture[];
  /** `[C, H, W]` */
  readonly shape: readonly [number, number, number];
  readonly bands: Bands;
  readonly classNames: readonly string[];
  readonly title?: string;
}

const PARTS = ["image", "classes", "prediction"] as const;
const SMALLEST_SIDE = 150;
const GAP = 8;
const COLUMN_GAP = 28;
/** A pixel without a class. */
const NO_CLASS = [225, 228, 232] as const;

/**
 * Sets images, their classes and those that were found side by side, one image a row, two columns of rows from three images
 * on; pixels without a class are light grey.
 *
 * @throws {ShapeError} if a map of classes has other pixels than the image. @throws {RangeError} if there is no image.
 *
 * @returns an SVG document.
 */
export function plotSegmentation({
  images,
  shape,
  bands,
  classNames,
  title = "Segmentation",
}: SegmentationOptions): string {
  if (images.length === 0) throw new RangeError("plotSegmentation: expected at least one image, got none.");
  const [, height, width] = shape;
  const factor = Math.max(1, Math.ceil(SMALLEST_SIDE / Math.max(height, width)));
  const [tileHeight, tileWidth] = [height * factor, width * factor];
  const columns = images.length > 2 ? 2 : 1;
  const tripleWidth = 3 * tileWidth + 2 * GAP;
  const gridWidth = columns * tripleWidth + (columns - 1) * COLUMN_GAP;
  const gridHeight = Math.ceil(images.length / columns) * (tileHeight + GAP);
  const grid = new Uint8Array(gridWidth * gridHeight * 3).fill(255);
  const colors = classColors(classNames.length);
  for (const [index, image] of images.entries()) {
    const parts = [
      bandComposite(image.pixels, shape, bands, percentileStretch(image.pixels, shape, bands)),
      paint(image.labels, shape, colors),
      paint(image.predictions, shape, colors),
    ];
    const left = (index % columns) * (tripleWidth + COLUMN_GAP);
    const top = Math.floor(index / columns) * (tileHeight + GAP);
    for (const [place, rgb] of parts.entries())
      for (let y = 0; y < tileHeight; y++)
        for (let x = 0; x < tileWidth; x++) {
          const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * 3;
          grid.set(rgb.subarray(from, from + 3), ((top + y) * gridWidth + left + place * (tileWidth + GAP) + x) * 3);
        }
  }
  const headings = Array.from({ length: columns }, (_, column) =>
    PARTS.map((part, place) => {
      const x = 16 + column * (tripleWidth + COLUMN_GAP) + place * (tileWidth + GAP) + tileWidth / 2;
      return `<text x="${x}" y="14" text-anchor="middle" font-size="12" font-weight="600">${part}</text>`;
    }).join(""),
  );
  const data = Buffer.from(encodePng(grid, gridWidth, gridHeight)).toString("base64");
  const picture = `<image x="16" y="24" width="${gridWidth}" height="${gridHeight}" href="data:image/png;base64,${data}"/>`;
  const legend = [
    ...classNames.map((name, k) => ({ name: shortenText(printableText(name), 40), color: hex(colors[k]) })),
  ];
  return makeFigure({
    title,
    width: gridWidth + 32,
    legend: [...legend, { name: "no class", color: hex(NO_CLASS) }],
    body: `${headings.join("")}${picture}`,
    bodyHeight: gridHeight + 32,
  });
}

const hex = (color: readonly number[] = NO_CLASS): string =>
  `#${color.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;

/** Shape: `[H, W] → [H, W, 3]`. */
function paint(
  classes: ArrayLike<number>,
  [, height, width]: readonly [number, number, number],
  colors: readonly (readonly number[])[],
): Uint8Array {
  if (classes.length !== height * width)
    throw new ShapeError("plotSegmentation", `a class for each of [${height}, ${width}] pixels`, `${classes.length}`);
  const rgb = new Uint8Array(classes.length * 3);
  for (let pixel = 0; pixel < classes.length; pixel++) rgb.set(colors[classes[pixel] as number] ?? NO_CLASS, 3 * pixel);
  return rgb;
}
