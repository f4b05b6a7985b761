import { expectation } from "@graticule/core";
import { encodeApng } from "../encode-apng.js";
import { escapeText, printableText } from "../escape-text.js";
import { makeFigure, shortenText } from "../figure.js";
import { svgToPixels } from "../svg-to-png.js";
import { COLOR_BAR_HEIGHT, type ColorScale, drawColorBar, fitColorScale } from "./color-scale.js";
import { makeMapTemplate } from "./draw-map.js";
import { assertMapField, type MapGrid } from "./map-grid.js";
import type { MapView } from "./map-projection.js";

/** One lead time of a forecast beside what came. */
export interface ForecastFrame {
  /** Shown beside the maps: `+24 h`. */
  readonly label: string;
  /** `[H, W]` */
  readonly truth: Float32Array;
  /** `[H, W]` */
  readonly forecast: Float32Array;
}

export interface ForecastMapsOptions extends MapView {
  readonly grid: MapGrid;
  /** In order of lead time. */
  readonly frames: readonly ForecastFrame[];
  readonly title: string;
  /** What is shown, with its unit. */
  readonly label: string;
  /** Of truth and forecast; shared by all frames and found from the truth if absent. */
  readonly scale?: ColorScale;
  /** Of forecast minus truth; shared by all frames, diverging around 0 if absent. */
  readonly errorScale?: ColorScale;
}

export interface RolloutAnimationOptions extends ForecastMapsOptions {
  /** Time that each frame stays. Units: ms; 500 if absent. */
  readonly frameMilliseconds?: number;
  /** Pixels of the picture for each unit of the drawing; 1 if absent. */
  readonly pixelScale?: number;
}

const MAP_WIDTH = 300;
const GAP = 16;
const LABEL_WIDTH = 56;
const HEADING = 20;
const LONGEST_LABEL = 8;
const COLUMNS = ["truth", "forecast", "forecast − truth"] as const;

/**
 * Draws truth, forecast and error side by side, one lead time a row; all rows share their scales.
 *
 * @throws {ShapeError} if a field is not on the grid.
 * @throws {RangeError} if there is no frame or no finite value.
 *
 * @returns an SVG document.
 */
export function plotForecastMaps(options: ForecastMapsOptions): string {
  return makeSheet("plotForecastMaps", options)(options.frames);
}

/**
 * Draws a rollout as an animated PNG: truth, forecast and error side by side, one lead time a frame, on scales that stay.
 *
 * @throws {ShapeError} if a field is not on the grid.
 * @throws {RangeError} if there is no frame, no finite value, or the time is not 1 to 65535 ms.
 *
 * @returns the bytes of an APNG file, which browsers show as any PNG.
 */
export function animateRollout(options: RolloutAnimationOptions): Uint8Array {
  const { frames, frameMilliseconds = 500, pixelScale = 1 } = options;
  const draw = makeSheet("animateRollout", options);
  const pictures = frames.map((frame) => svgToPixels(draw([frame]), pixelScale));
  const [first] = pictures as [(typeof pictures)[number]];
  const size = { width: first.width, height: first.height };
  return encodeApng(
    pictures.map(({ pixels }) => pixels),
    { ...size, frameMilliseconds },
  );
}

/** Checks all frames, fixes scales and projection, and gives what draws some of the frames. */
function makeSheet(where: string, options: ForecastMapsOptions): (frames: readonly ForecastFrame[]) => string {
  const { grid, frames, title, label } = options;
  if (frames.length === 0) throw new RangeError(expectation(`${where} '${title}'`, "a frame or more", "none"));
  for (const { truth, forecast } of frames)
    for (const field of [truth, forecast]) assertMapField(`${where} '${title}'`, field, grid);
  const errorOf = ({ truth, forecast }: ForecastFrame): Float32Array =>
    forecast.map((value, cell) => value - (truth[cell] as number));
  const truths = frames.map(({ truth }) => truth);
  const scale = options.scale ?? fitColorScale(truths, "sequential");
  const errorScale = options.errorScale ?? fitColorScale(frames.map(errorOf), "diverging");
  const template = makeMapTemplate(grid, options, MAP_WIDTH);
  const leftOf = (column: number): number => LABEL_WIDTH + column * (MAP_WIDTH + GAP);
  const headings = COLUMNS.map(
    (name, column) =>
      `<text x="${leftOf(column) + MAP_WIDTH / 2}" y="13" text-anchor="middle" font-weight="600">${name}</text>`,
  ).join("");
  const rowHeight = template.height + 10;

  return (shown) => {
    const rows = shown.map((frame, row) => {
      const maps = [
        template.draw(frame.truth, scale),
        template.draw(frame.forecast, scale),
        template.draw(errorOf(frame), errorScale),
      ].map((map, column) => `<g transform="translate(${leftOf(column)},0)">${map}</g>`);
      const text = escapeText(shortenText(frame.label, LONGEST_LABEL));
      const name = `<text x="${LABEL_WIDTH - 8}" y="${template.height / 2 + 4}" text-anchor="end">${text}</text>`;
      return `<g transform="translate(0,${HEADING + row * rowHeight})">${name}${maps.join("")}</g>`;
    });
    const bottom = HEADING + shown.length * rowHeight;
    const bars = [
      `<g transform="translate(${leftOf(0)},${bottom})">${drawColorBar(scale, label, 2 * MAP_WIDTH + GAP)}</g>`,
      `<g transform="translate(${leftOf(2)},${bottom})">${drawColorBar(errorScale, `error, ${label}`, MAP_WIDTH)}</g>`,
    ];
    return makeFigure({
      title: printableText(title),
      width: leftOf(3),
      body: [headings, ...rows, ...bars].join(""),
      bodyHeight: bottom + COLOR_BAR_HEIGHT + 8,
    });
  };
}
