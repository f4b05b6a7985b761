import { createRequire } from "node:module";
import { Resvg } from "@resvg/resvg-js";

const require = createRequire(import.meta.url);

/** DejaVu's upright sans faces come along as a package, since a server may have no fonts at all. */
function fontFiles(): string[] {
  return ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) => require.resolve(`dejavu-fonts-ttf/ttf/${file}`));
}

/** @throws {RangeError} if the text is not an SVG document or the scale is not above 0. */
function renderSvg(where: string, svg: string, scale: number): ReturnType<Resvg["render"]> {
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new RangeError(`${where}: expected a scale above 0, got ${scale}. Use 1 or 2.`);
  const fonts = {
    fontFiles: fontFiles(),
    loadSystemFonts: false,
    defaultFontFamily: "DejaVu Sans",
    sansSerifFamily: "DejaVu Sans",
  };
  try {
    return new Resvg(svg, { fitTo: { mode: "zoom", value: scale }, font: fonts }).render();
  } catch (cause) {
    const got = svg.length > 40 ? `${svg.slice(0, 40)}…` : svg;
    throw new RangeError(
      `${where}: expected an SVG document, got '${got}' (${(cause as Error).message}). Pass what the plot functions return.`,
      { cause },
    );
  }
}

/**
 * Renders an SVG document to a PNG file, with DejaVu Sans for all text: the same bytes on any machine.
 *
 * @param scale pixels of the PNG per SVG unit; 2 is sharp on dense screens and in print.
 *
 * @throws {RangeError} if the text is not an SVG document or the scale is not above 0.
 */
export function svgToPng(svg: string, scale = 2): Uint8Array {
  return Uint8Array.from(renderSvg("svgToPng", svg, scale).asPng());
}

/** Renders an opaque SVG document to pixels `[H, W, 3]`. @throws {RangeError} as `svgToPng`. */
export function svgToPixels(svg: string, scale: number): { pixels: Uint8Array; width: number; height: number } {
  const { pixels: rgba, width, height } = renderSvg("svgToPixels", svg, scale);
  const pixels = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let color = 0; color < 3; color++) pixels[pixel * 3 + color] = rgba[pixel * 4 + color] as number;
  return { pixels, width, height };
}
