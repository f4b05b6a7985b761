import { describe, expect, it } from "vitest";
import { animateRollout, encodeApng, fitColorScale, plotForecastMaps, plotMap, svgToPng } from "../src/index.js";
import { decodePng } from "./decode-png.js";

const grid = {
  latitudes: Array.from({ length: 18 }, (_, row) => 85 - 10 * row),
  longitudes: Array.from({ length: 36 }, (_, column) => 10 * column),
};
const label = "pressure (hPa)";
/** 1 east of Greenwich, 0 west of it. */
const halves = Float32Array.from({ length: 18 * 36 }, (_, cell) => (cell % 36 < 18 ? 1 : 0));
const dark = [0x44, 0x01, 0x54]; // Viridis' ends
const bright = [0xfd, 0xe7, 0x25];

/** Whether a colour is the one expected, as seen through a line of the graticule at most. */
function expectColor(color: readonly number[], expected: readonly number[]): void {
  color.slice(0, 3).forEach((value, at) => {
    expect(Math.abs(value - (expected[at] as number))).toBeLessThan(36);
  });
}

describe("plotMap", () => {
  const options = { grid, field: halves, title: "halves", label };
  const paint = (svg: string) => decodePng(svgToPng(svg, 1));

  it("puts east to the right and west to the left, in each projection", () => {
    for (const projection of ["equirectangular", "natural-earth"] as const) {
      const image = paint(plotMap({ ...options, projection }));
      expectColor(image.pixel(210, 175), dark); // 75° W, 15° N or so: no coast, no graticule
      expectColor(image.pixel(510, 172), bright); // Indian Ocean
    }
    const globe = paint(plotMap({ ...options, projection: "orthographic", center: [90, 0] }));
    expectColor(globe.pixel(330, 330), bright);
    expectColor(globe.pixel(20, 40), [255, 255, 255]); // beside the globe
  });

  it("puts the north up, whichever way latitudes run", () => {
    const north = Float32Array.from({ length: 18 * 36 }, (_, cell) => (cell < 9 * 36 ? 1 : 0));
    const falling = plotMap({ ...options, field: north });
    const rising = plotMap({
      ...options,
      grid: { ...grid, latitudes: [...grid.latitudes].reverse() },
      field: north.slice().reverse(),
    });
    expect(rising).toBe(falling);
    expectColor(paint(falling).pixel(250, 150), bright);
    expectColor(paint(falling).pixel(250, 300), dark);
  });

  it("draws a regional grid over its own extent, missing values grey", () => {
    const field = Float32Array.of(0, Number.NaN, 0, 1);
    const box = { latitudes: [46, 44], longitudes: [-41, -39] }; // in the Atlantic
    const image = paint(plotMap({ ...options, grid: box, field }));
    expectColor(image.pixel(100, 100), dark);
    expectColor(image.pixel(620, 100), [190, 190, 190]);
    expectColor(image.pixel(620, 700), bright);
  });

  it("shows label, ticks and escaped title", () => {
    const svg = plotMap({ ...options, title: "<b>" });
    for (const text of [">pressure (hPa)<", ">0.5<", ">&lt;b&gt;<"]) expect(svg).toContain(text);
  });

  it("says what is wrong", () => {
    expect(() => plotMap({ ...options, field: new Float32Array(3) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: plotMap 'halves': expected a field [18, 36], got 3 values. Give one value for each latitude and longitude.]`,
    );
    expect(() => plotMap({ ...options, field: halves.map(() => NaN) })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: fitColorScale: expected a finite value, got none. Leave empty fields out.]`,
    );
    expect(() => plotMap({ ...options, projection: "mercator" as never })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: map projection: expected equirectangular, natural-earth, orthographic, got 'mercator'.]`,
    );
  });
});

describe("fitColorScale", () => {
  it("spans what is shown, or as far to either side of the middle", () => {
    const fields = [Float32Array.of(-1, 4, Number.NaN), Float32Array.of(2, 9)];
    expect(fitColorScale(fields, "sequential").domain).toEqual([-1, 9]);
    expect(fitColorScale(fields, "diverging").domain).toEqual([-9, 9]);
    expect(fitColorScale(fields, "diverging", 3).domain).toEqual([-3, 9]);
  });
});

describe("forecast maps", () => {
  const frames = [1, 2, 3].map((lead) => ({
    label: `+${24 * lead} h`,
    truth: halves,
    forecast: halves.map((value) => value + lead),
  }));
  const options = { grid, frames, title: "rollout", label };

  it("draws one row a lead time on shared scales", () => {
    const svg = plotForecastMaps(options);
    for (const text of [">truth<", ">forecast<", ">forecast − truth<", ">+24 h<", ">+72 h<"])
      expect(svg).toContain(text);
    // Errors of 1, 2 and 3 on one scale of ±3: the last alone in full red.
    const image = decodePng(svgToPng(svg, 1));
    const errorAt = (row: number) => image.pixel(56 + 2 * 316 + 100, 36 + 20 + row * 166 + 67).slice(0, 3);
    expectColor(errorAt(2), [0x67, 0x00, 0x1f]);
    expect(errorAt(0)).not.toEqual(errorAt(1));
  });

  it("animates them as an APNG whose first frame any decoder reads", () => {
    const bytes = animateRollout(options);
    expect(Buffer.from(bytes).includes("acTL")).toBe(true);
    expect(bytes.filter((_, at) => Buffer.from(bytes.subarray(at, at + 4)).toString("latin1") === "fcTL")).toHaveLength(
      3,
    );
    const still = decodePng(svgToPng(plotForecastMaps({ ...options, frames: frames.slice(0, 1) }), 1));
    const first = decodePng(bytes);
    expect([first.width, first.height]).toEqual([still.width, still.height]);
    expect(first.pixel(200, 100)).toEqual(still.pixel(200, 100).slice(0, 3));
  });

  it("says when there is no frame", () => {
    expect(() => plotForecastMaps({ ...options, frames: [] })).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: plotForecastMaps 'rollout': expected a frame or more, got none.]`,
    );
  });
});

describe("encodeApng", () => {
  it("stores of later frames only what changed, in sequence", () => {
    const first = new Uint8Array(4 * 3 * 3);
    const second = first.slice();
    second[(1 * 4 + 2) * 3] = 200; // x 2, y 1
    second[(2 * 4 + 3) * 3] = 100; // x 3, y 2
    const file = Buffer.from(encodeApng([first, second, second], { width: 4, height: 3, frameMilliseconds: 250 }));
    const chunks: [string, Buffer][] = [];
    for (let at = 8; at < file.length; at += file.readUInt32BE(at) + 12)
      chunks.push([file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, at + 8 + file.readUInt32BE(at))]);
    expect(chunks.map(([type]) => type)).toEqual([
      "IHDR",
      "acTL",
      "fcTL",
      "IDAT",
      "fcTL",
      "fdAT",
      "fcTL",
      "fdAT",
      "IEND",
    ]);
    const control = (at: number) => Array.from({ length: 5 }, (_, word) => chunks[at]?.[1].readUInt32BE(4 * word));
    expect(control(2)).toEqual([0, 4, 3, 0, 0]); // number, width, height, left, top
    expect(control(4)).toEqual([1, 2, 2, 2, 1]);
    expect(control(6)).toEqual([3, 1, 1, 0, 0]);
    expect(chunks[4]?.[1].readUInt16BE(20)).toBe(250);
    expect(chunks[5]?.[1].readUInt32BE(0)).toBe(2);
  });

  it("says what is wrong", () => {
    const size = { width: 1, height: 1, frameMilliseconds: 100 };
    expect(() => encodeApng([], size)).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: encodeApng: expected a frame or more of 1 to 65535 ms, got 0 of 100 ms.]`,
    );
    expect(() => encodeApng([new Uint8Array(4)], size)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: encodeApng: expected frames [1, 1, 3], got 4 bytes. Give three bytes a pixel.]`,
    );
  });
});
