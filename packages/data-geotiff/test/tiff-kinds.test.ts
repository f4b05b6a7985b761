import { readFileSync } from "node:fs";
import { makeMemorySource } from "@graticule/data";
import { expect, test } from "vitest";
import { openRasterFrom } from "../src/index.js";

interface Fixture {
  readonly shape: readonly [number, number];
  readonly cases: Readonly<
    Record<string, { base64: string; sum: number; weighted: number; missing: number; tolerance: number }>
  >;
}

const fixture = JSON.parse(readFileSync(new URL("./fixtures/tiff-kinds.json", import.meta.url), "utf8")) as Fixture;
const [height, width] = fixture.shape;

test.each(Object.entries(fixture.cases))("%s reads as tifffile reads it", async (name, expected) => {
  const raster = await openRasterFrom(makeMemorySource(name, Buffer.from(expected.base64, "base64")));
  expect([raster.height, raster.width]).toEqual([height, width]);
  const values = await raster.readWindow({ row: 0, column: 0, height, width });
  let [sum, weighted, missing] = [0, 0, 0];
  for (const [index, value] of values.entries()) {
    if (Number.isNaN(value)) missing += 1;
    else {
      sum += value;
      weighted += value * (index % 97);
    }
  }
  expect(missing).toBe(expected.missing);
  const each = expected.tolerance * values.length;
  expect(Math.abs(sum - expected.sum)).toBeLessThanOrEqual(each + 1e-9 * Math.abs(expected.sum));
  expect(Math.abs(weighted - expected.weighted)).toBeLessThanOrEqual(48 * each + 1e-9 * Math.abs(expected.weighted));
});
