import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openCube } from "../src/index.js";

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

test.each(["planar.tif", "pages.tif"])("%s: bands with wavelengths, scale and nodata", async (name) => {
  const cube = await openCube(fixture(name));
  expect(cube).toMatchObject({
    format: "GeoTIFF",
    height: 4,
    width: 5,
    bands: 6,
    wavelengthsNm: [450, 550, 650, 750, 850, 950],
    fwhmNm: [8.5, 8.5, 8.5, 8.5, 8.5, 8.5],
    badBands: [2],
    unit: "reflectance",
    nodata: -32768,
  });
  const window = { row: 1, column: 1, height: 1, width: 2 };
  const pixels = await cube.readWindow({ ...window, bands: [3, 0] });
  expect(pixels).toEqual(Float32Array.from([113, NaN, 110, 120], (stored) => stored * 0.0001));
  const stored = await openCube(fixture(name), { values: "stored" });
  expect(await stored.readWindow({ ...window, bands: [3, 0] })).toEqual(Float32Array.of(113, NaN, 110, 120));
  expect([stored.unit, stored.scales]).toEqual([undefined, undefined]);
  await cube.close();
  await stored.close();
});
