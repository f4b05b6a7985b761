import { geoGraticule10, geoPath } from "d3-geo";
import { encodePng } from "../encode-png.js";
import { INK } from "../figure.js";
import { coastlines } from "./coastlines.js";
import { type ColorScale, colorOf } from "./color-scale.js";
import { type MapGrid, makeCellFinder, mapExtent } from "./map-grid.js";
import { fitProjection, type MapView } from "./map-projection.js";

/** Pixels of the picture for each unit of the drawing. */
const DENSITY = 2;
/** A point that comes back this far from where it was lies off the sphere's image. Units: drawing units. */
const OFF_MAP = 0.5;

/** A map whose projection and lines are drawn once, for any number of fields. */
export interface MapTemplate {
  readonly width: number;
  readonly height: number;
  /** SVG elements of one field with coasts and graticule. */
  draw(field: Float32Array, scale: ColorScale): string;
}

/**
 * Prepares maps of one grid and view: each picture's pixel takes the colour of the cell that holds it, without
 * smoothing, so that the model's own resolution is seen.
 */
export function makeMapTemplate(grid: MapGrid, view: MapView, width: number): MapTemplate {
  const { projection, height, outlined } = fitProjection(grid, view, width);
  const cells = cellsOfPixels(grid, projection, width, height);
  const path = geoPath(projection).digits(2);
  const { west, east } = mapExtent(grid);
  const outline = outlined ? (path({ type: "Sphere" }) as string) : `M0,0H${width}V${height}H0Z`;
  const lines = [
    `<path d="${path(geoGraticule10()) ?? ""}" fill="none" stroke="${INK}" stroke-opacity="0.15" stroke-width="0.5"/>`,
    `<path d="${path(coastlines(east - west)) ?? ""}" fill="none" stroke="${INK}" stroke-width="0.8" stroke-linejoin="round"/>`,
    `<path d="${outline}" fill="none" stroke="${INK}" stroke-width="1"/>`,
  ].join("");
  return {
    width,
    height,
    draw(field, scale) {
      const colors = new Uint8Array(field.length * 3);
      field.forEach((value, cell) => {
        colors.set(colorOf(scale, value), cell * 3);
      });
      const pixels = new Uint8Array(cells.length * 3).fill(255);
      for (let pixel = 0; pixel < cells.length; pixel++) {
        const cell = cells[pixel] as number;
        if (cell < 0) continue;
        for (let color = 0; color < 3; color++) pixels[pixel * 3 + color] = colors[cell * 3 + color] as number;
      }
      const picture = encodePng(pixels, width * DENSITY, height * DENSITY);
      const data = Buffer.from(picture).toString("base64");
      return `<image width="${width}" height="${height}" href="data:image/png;base64,${data}"/>${lines}`;
    },
  };
}

/** The cell under each pixel, -1 where there is none. Shape: `[height · 2, width · 2]`. */
function cellsOfPixels(
  grid: MapGrid,
  projection: ReturnType<typeof fitProjection>["projection"],
  width: number,
  height: number,
): Int32Array {
  const find = makeCellFinder(grid);
  const cells = new Int32Array(width * DENSITY * height * DENSITY).fill(-1);
  for (let pixel = 0; pixel < cells.length; pixel++) {
    const x = ((pixel % (width * DENSITY)) + 0.5) / DENSITY;
    const y = (Math.floor(pixel / (width * DENSITY)) + 0.5) / DENSITY;
    const point = projection.invert?.([x, y]);
    if (!point?.every(Number.isFinite) || Math.abs(point[1]) > 90) continue;
    const back = projection(point);
    if (!back || Math.hypot(back[0] - x, back[1] - y) > OFF_MAP) continue;
    cells[pixel] = find(point[0], point[1]);
  }
  return cells;
}
