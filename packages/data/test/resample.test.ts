import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Interpolation, resample } from "../src/index.js";

interface Fixture {
  readonly shape: [number, number, number];
  readonly pixels: number[];
  readonly cases: {
    readonly box: [number, number, number, number];
    readonly size: [number, number];
    readonly interpolation: Interpolation;
    readonly values: number[];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL("./fixtures/resample.json", import.meta.url), "utf8")) as Fixture;
const image = { pixels: Float32Array.from(fixture.pixels), shape: fixture.shape };

// The fixture rounds to 0.001; float32 sums over at most 400 taps of values up to 255 differ by less.
test.each(fixture.cases)("$interpolation of $box to $size equals torch's antialiased interpolate", (expected) => {
  const [row, column, height, width] = expected.box;
  const { pixels, shape } = resample(image, { row, column, height, width }, expected.size, expected.interpolation);
  expect(shape).toEqual([2, ...expected.size]);
  const worst = Math.max(...pixels.map((value, index) => Math.abs(value - (expected.values[index] as number))));
  expect(worst).toBeLessThan(1.2e-3);
});

test("halving a ramp by bilinear gives the hand-worked triangle averages", () => {
  const ramp = { pixels: Float32Array.of(0, 1, 2, 3), shape: [1, 1, 4] as const };
  // Output 0 is centered at 1.0 with support 2: taps at 0.5, 1.5, 2.5 away by .5, .5, 1.5 → weights .75, .75, .25.
  const { pixels } = resample(ramp, { row: 0, column: 0, height: 1, width: 4 }, [1, 2], "bilinear");
  expect(pixels[0]).toBeCloseTo((0 * 0.75 + 1 * 0.75 + 2 * 0.25) / 1.75, 6);
  expect(pixels[1]).toBeCloseTo((3 * 0.75 + 2 * 0.75 + 1 * 0.25) / 1.75, 6);
});

test("a pixel without data spreads only to the outputs whose kernel touches it", () => {
  const pixels = new Float32Array(64).fill(1);
  pixels[0] = NaN;
  const output = resample({ pixels, shape: [1, 8, 8] }, { row: 0, column: 0, height: 8, width: 8 }, [4, 4], "bilinear");
  expect([...output.pixels].map(Number.isNaN)).toEqual(Array.from({ length: 16 }, (_, index) => index === 0));
});
