import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  applyRegrid,
  areaWeights,
  cellAreas,
  divergence,
  ERA5_VARIABLES,
  makeLatLonGrid,
  makeRegridWeights,
  makeRegularGrid,
  matchVariable,
  openDataset,
  regridArray,
  relativeVorticity,
} from "../../src/index.js";

const root = fileURLToPath(new URL("../../../../../shared/data/era5/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";

async function readField(file: string, name: keyof typeof ERA5_VARIABLES) {
  const dataset = await openDataset(root + file);
  const values = async (axis: string) => (await dataset.variables.get(axis)?.read())?.data as Float64Array;
  const { variable } = matchVariable(file, dataset.variables, ERA5_VARIABLES[name]);
  const array = await variable.read();
  const grid = makeLatLonGrid(await values("latitude"), await values("longitude"));
  await dataset.close();
  return { array, grid };
}

describe.skipIf(!present)(`real fields${reason}`, () => {
  test("ERA5 at 0.25 degrees keeps its mean pressure at 5.625 degrees, to 1e-6", async () => {
    const { array, grid } = await readField("era5_msl_2025120100_0.25x0.25.nc", "msl");
    expect(grid).toEqual(makeRegularGrid([721, 1440], { rows: "at-poles" }));
    const coarse = makeRegularGrid([32, 64], { rows: "cell-centers", firstRow: "south" });
    const mean = (areas: Float64Array, values: ArrayLike<number>): number =>
      areas.reduce((sum, area, index) => sum + area * (values[index] as number), 0);
    const regridded = regridArray(array, makeRegridWeights(grid, coarse, "conservative"));
    expect(regridded.shape.slice(-2)).toEqual([32, 64]);
    const before = mean(cellAreas(grid), array.data);
    expect(before).toBeGreaterThan(100_500);
    expect(Math.abs(mean(cellAreas(coarse), regridded.data) / before - 1)).toBeLessThan(1e-6);
    // Interpolation loses the mean, but not by much.
    const bilinear = regridArray(array, makeRegridWeights(grid, coarse, "bilinear"));
    expect(Math.abs(mean(cellAreas(coarse), bilinear.data) / before - 1)).toBeLessThan(1e-4);
  });

  test("bilinear by ESMF's formula is that along latitude and longitude up to half a percent of the field's spread", async () => {
    // The derived file was interpolated along latitude and longitude from 2.5 degrees, of which 0.25 holds each tenth.
    const { array, grid } = await readField("era5_msl_2025120100_0.25x0.25.nc", "msl");
    const every = (_: number, index: number): boolean => index % 10 === 0;
    const source = makeLatLonGrid(grid.latitudes.filter(every), grid.longitudes.filter(every));
    const field = array.data.filter((_, index) => index % 10 === 0 && Math.floor(index / 1440) % 10 === 0);
    const derived = await openDataset(`${root}derived/era5_djf2526_5.625deg_nc3.nc`);
    const expected = Float64Array.from((await derived.variables.get("msl")?.read({ time: 0 }))?.data ?? []);
    await derived.close();
    const target = makeRegularGrid([32, 64], { rows: "cell-centers", firstRow: "south" });
    const found = Float64Array.from(applyRegrid(makeRegridWeights(source, target, "bilinear"), field));
    const weights = areaWeights(target);
    const meanSquare = (value: (index: number) => number): number =>
      found.reduce((sum, _, index) => sum + (weights[Math.floor(index / 64)] as number) * value(index) ** 2, 0) / 2048;
    const at = (index: number): number => expected[index] as number;
    const difference = Math.sqrt(meanSquare((index) => (found[index] as number) - at(index)));
    const center = expected.reduce((sum, value) => sum + value / 2048, 0);
    expect(difference / Math.sqrt(meanSquare((index) => at(index) - center))).toBeLessThan(5e-3);
  });

  test("vorticity and divergence of a global wind have no mean, as Stokes and Gauss say", async () => {
    const u = await readField("era5_uv850_2025120100_2.5x2.5.nc", "u");
    const v = await readField("era5_uv850_2025120100_2.5x2.5.nc", "v");
    const areas = cellAreas(u.grid);
    for (const derivative of [relativeVorticity, divergence]) {
      const field = derivative(u.grid, u.array.data as Float32Array, v.array.data as Float32Array);
      const mean = areas.reduce((sum, area, index) => sum + area * (field[index] as number), 0);
      const spread = Math.sqrt(areas.reduce((sum, area, index) => sum + area * (field[index] as number) ** 2, 0));
      expect(spread).toBeGreaterThan(1e-6);
      expect(Math.abs(mean) / spread).toBeLessThan(0.02);
    }
  });
});
