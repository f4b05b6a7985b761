import { type Bands, bandComposite, percentileStretch } from "./band-composite.js";
import { encodePng } from "./encode-png.js";
import { escapeText } from "./escape-text.js";
import { makeFigure, shortenText } from "./figure.js";

/** One image as a masked autoencoder sees and restores it, each `[C, H, W]` in the same units. */
export interface ReconstructedImage {
  readonly input: Float32Array;
  /** NaN where a patch was hidden: drawn grey. */
  readonly masked: Float32Array;
  readonly reconstruction: Float32Array;
  /** Written under the image, e.g. its file or tile. */
  readonly label?: string;
}

export interface ReconstructionPanelOptions {
  readonly images: readonly ReconstructedImage[];
  /** `[C, H, W]` */
  readonly shape: readonly [number, number, number];
  readonly bands: Bands;
  /** Percentiles of each input that become black and full colour, in all three pictures of its row. */
  readonly percentiles?: readonly [number, number];
  readonly title?: string;
}

export interface ReconstructionPanel {
  /** The pictures alone, enlarged by whole pixels. */
  readonly png: Uint8Array;
  /** The same with title, headings and labels. */
  readonly svg: string;
}

const PARTS = ["input", "masked", "reconstruction"] as const;
const SMALLEST_SIDE = 150;
const GAP = 8;
/** Space between the two columns of triples that more than four images are set in. */
const COLUMN_GAP = 28;
const LABEL_HEIGHT = 26;

/**
 * Sets input, masked input and reconstruction side by side, one image a row.
 *
 * @throws {ShapeError} if an image doesn't have the shape.
 * @throws {RangeError} if there is no image or a band is not a channel.
 */
export function reconstructionPanel(options: ReconstructionPanelOptions): ReconstructionPanel {
  const { images, shape, bands, percentiles = [2, 98], title = "Masked reconstruction" } = options;
  if (images.length === 0)
    throw new RangeError("reconstructionPanel: expected at least one image, got none. Reconstruct some first.");
  const [, height, width] = shape;
  const factor = Math.max(1, Math.ceil(SMALLEST_SIDE / Math.max(height, width)));
  const [tileHeight, tileWidth] = [height * factor, width * factor];
  const columns = images.length > 4 ? 2 : 1;
  const tripleWidth = 3 * tileWidth + 2 * GAP;
  const rowHeight = tileHeight + (images.some(({ label }) => label) ? LABEL_HEIGHT : GAP);
  const gridWidth = columns * tripleWidth + (columns - 1) * COLUMN_GAP;
  const gridHeight = Math.ceil(images.length / columns) * rowHeight;
  const leftOf = (column: number): number => column * (tripleWidth + COLUMN_GAP);

  const grid = new Uint8Array(gridWidth * gridHeight * 3).fill(255);
  const labels = images.map((image, index) => {
    const left = leftOf(index % columns);
    const top = Math.floor(index / columns) * rowHeight;
    const stretch = percentileStretch(image.input, shape, bands, percentiles);
    PARTS.forEach((part, place) => {
      const rgb = bandComposite(image[part], shape, bands, stretch); // [H, W, 3]
      const x0 = left + place * (tileWidth + GAP);
      for (let y = 0; y < tileHeight; y++)
        for (let x = 0; x < tileWidth; x++) {
          const from = (Math.floor(y / factor) * width + Math.floor(x / factor)) * 3;
          grid.set(rgb.subarray(from, from + 3), ((top + y) * gridWidth + x0 + x) * 3);
        }
    });
    const shown = escapeText(shortenText(image.label ?? "", Math.floor(tripleWidth / 7)));
    return shown === ""
      ? ""
      : `<text x="${16 + left}" y="${24 + top + tileHeight + 14}" font-size="11">${shown}</text>`;
  });

  const png = encodePng(grid, gridWidth, gridHeight);
  const headings = Array.from({ length: columns }, (_, column) =>
    PARTS.map((part, place) => {
      const x = 16 + leftOf(column) + place * (tileWidth + GAP) + tileWidth / 2;
      return `<text x="${x}" y="14" text-anchor="middle" font-size="12" font-weight="600">${part}</text>`;
    }).join(""),
  );
  const data = Buffer.from(png).toString("base64");
  const picture = `<image x="16" y="24" width="${gridWidth}" height="${gridHeight}" href="data:image/png;base64,${data}"/>`;
  return {
    png,
    svg: makeFigure({
      title,
      width: gridWidth + 32,
      body: `${headings.join("")}${picture}${labels.join("")}`,
      bodyHeight: gridHeight + 36,
    }),
  };
}
