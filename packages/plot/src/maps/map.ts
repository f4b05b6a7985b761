import { printableText } from "../escape-text.js";
import { makeFigure } from "../figure.js";
import { COLOR_BAR_HEIGHT, type ColorScale, drawColorBar, fitColorScale } from "./color-scale.js";
import { makeMapTemplate } from "./draw-map.js";
import { assertMapField, type MapGrid } from "./map-grid.js";
import type { MapView } from "./map-projection.js";

export interface MapOptions extends MapView {
  readonly grid: MapGrid;
  /** `[H, W]`; missing values (NaN) are grey. */
  readonly field: Float32Array;
  readonly title: string;
  /** What is shown, with its unit: `mean sea level pressure (hPa)`. */
  readonly label: string;
  /** From the field's lowest to its highest value, sequential, if absent. */
  readonly scale?: ColorScale;
}

const WIDTH = 720;
const GLOBE_WIDTH = 504;
const SIDE = 16;

/**
 * Draws a field on a map with coastlines, a graticule of 10 degrees and a colour bar.
 *
 * @throws {ShapeError} if the field is not on its grid.
 * @throws {RangeError} if it has no finite value, or there is no such projection.
 *
 * @returns an SVG document.
 */
export function plotMap(options: MapOptions): string {
  const { grid, field, title, label } = options;
  assertMapField(`plotMap '${title}'`, field, grid);
  const scale = options.scale ?? fitColorScale([field], "sequential");
  const narrow = options.projection === "orthographic" ? GLOBE_WIDTH : WIDTH;
  const template = makeMapTemplate(grid, options, narrow - 2 * SIDE);
  const body = [
    `<g transform="translate(${SIDE},0)">${template.draw(field, scale)}</g>`,
    `<g transform="translate(0,${template.height + 8})">${drawColorBar(scale, label, narrow)}</g>`,
  ].join("");
  return makeFigure({
    title: printableText(title),
    width: narrow,
    body,
    bodyHeight: template.height + 8 + COLOR_BAR_HEIGHT + 8,
  });
}
