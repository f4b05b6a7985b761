import { expectation } from "@graticule/core";
import * as Plot from "@observablehq/plot";
import { encodePng } from "../encode-png.js";
import { printableText } from "../escape-text.js";
import { drawPlot } from "../figure.js";
import { formatTick } from "../format-tick.js";

/** How values become colours. */
export interface ColorScale {
  /** `sequential` from dark to bright; `diverging` from blue through white to red around a middle. */
  readonly kind: "sequential" | "diverging";
  /** Values shown as the two end colours; those beyond are shown as the ends. */
  readonly domain: readonly [low: number, high: number];
}

type Rgb = readonly [red: number, green: number, blue: number];

const STEPS = 256;
/** Shown where a field has no value. */
const NO_VALUE: Rgb = [190, 190, 190];

function parseRgb(color: string): Rgb {
  const hex = /^#(..)(..)(..)$/.exec(color);
  const parts = hex ? hex.slice(1).map((part) => Number.parseInt(part, 16)) : color.match(/\d+/g)?.map(Number);
  return parts as unknown as Rgb;
}

const lookup = (scheme: "Viridis" | "RdBu", reverse: boolean): readonly Rgb[] => {
  const color = Plot.scale({ color: { type: "linear", scheme, reverse, domain: [0, STEPS - 1] } });
  return Array.from({ length: STEPS }, (_, step) => parseRgb(String(color.apply(step))));
};
let tables: Readonly<Record<ColorScale["kind"], readonly Rgb[]>> | undefined;

function colorTable(kind: ColorScale["kind"]): readonly Rgb[] {
  tables ??= { sequential: lookup("Viridis", false), diverging: lookup("RdBu", true) };
  return tables[kind];
}

/** The colour of a value. */
export function colorOf({ kind, domain: [low, high] }: ColorScale, value: number): Rgb {
  if (Number.isNaN(value)) return NO_VALUE;
  const share = high > low ? (value - low) / (high - low) : 0.5;
  return colorTable(kind)[Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1))] as Rgb;
}

/**
 * Finds a scale for fields that are shown together: from the lowest to the highest value, or as far to either side of
 * the middle.
 *
 * @throws {RangeError} if no value is finite.
 */
export function fitColorScale(fields: readonly Float32Array[], kind: ColorScale["kind"], middle = 0): ColorScale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const field of fields)
    for (const value of field)
      if (Number.isFinite(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
  if (low > high)
    throw new RangeError(expectation("fitColorScale", "a finite value", "none", "Leave empty fields out."));
  if (kind === "sequential") return { kind, domain: [low, high] };
  const reach = Math.max(high - middle, middle - low) || 1;
  return { kind, domain: [middle - reach, middle + reach] };
}

/** Height of a colour bar with its ticks and label. */
export const COLOR_BAR_HEIGHT = 52;

/** As on axes, but thousands in full: `990 … 1010`, not `990 … 1k`. */
const formatBarTick = (value: number): string =>
  Math.abs(value) >= 1e3 && Math.abs(value) < 1e4 ? String(Number(value.toPrecision(6))) : formatTick(value);

/** Draws the colours of a scale with ticks and a label below. */
export function drawColorBar(scale: ColorScale, label: string, width: number): string {
  const [low, high] = scale.domain;
  const pixels = new Uint8Array(STEPS * 3);
  for (let step = 0; step < STEPS; step++)
    pixels.set(colorOf(scale, low + ((high - low) * step) / (STEPS - 1)), step * 3);
  const data = Buffer.from(encodePng(pixels, STEPS, 1)).toString("base64");
  const margin = 24;
  const axis = drawPlot({
    width,
    height: COLOR_BAR_HEIGHT,
    marginLeft: margin,
    marginRight: margin,
    marginTop: 16,
    marginBottom: COLOR_BAR_HEIGHT - 16,
    x: { domain: [low, high > low ? high : low + 1], label: null },
    marks: [
      Plot.axisX({
        anchor: "bottom",
        ticks: Math.max(3, Math.min(9, Math.floor(width / 70))),
        tickFormat: formatBarTick,
        tickSize: 4,
        fontSize: 11,
      }),
      Plot.text([printableText(label)], { frameAnchor: "bottom", dy: 34, fontSize: 11 }),
    ],
  });
  return `<image x="${margin}" y="4" width="${width - 2 * margin}" height="12" preserveAspectRatio="none" href="data:image/png;base64,${data}"/>${axis}`;
}
