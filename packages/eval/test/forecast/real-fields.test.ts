import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type GriddedDataset, openDataset, openSeries } from "@graticule/data-era5";
import { describe, expect, it } from "vitest";
import { makeForecastScores, makeMeanField, type ScoreGrid } from "../../src/index.js";

const root = fileURLToPath(new URL("../../../../../shared/data/era5/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";

type Fields = readonly Float32Array[];

/** Score after WeatherBench 1 of pairs of a forecast and its truth. */
function rmse(grid: ScoreGrid, pairs: readonly (readonly [forecast: Float32Array, truth: Float32Array])[]): number {
  const provenance = { source: "baseline", checkpoint: null, climatology: null, truth: "era5" };
  const scores = makeForecastScores({ ...provenance, protocol: "weatherbench1", grid, channels: [{ name: "x" }] });
  pairs.forEach(([forecast, truth], startHours) => {
    scores.add({ startHours, leadTimeHours: 1, forecast, truth });
  });
  return scores.records()[0]?.value as number;
}

/** Persistence over pairs whose start and end lie in the last fifth. */
function persistence(grid: ScoreGrid, fields: Fields, steps: number): number {
  const from = Math.floor(fields.length * 0.8);
  const starts = fields.slice(from, fields.length - steps);
  return rmse(
    grid,
    starts.map((state, at) => [state, fields[from + at + steps] as Float32Array]),
  );
}

/** The mean of the first four fifths as a forecast for all of the last. */
function trainMean(grid: ScoreGrid, fields: Fields): number {
  const from = Math.floor(fields.length * 0.8);
  const mean = makeMeanField((fields[0] as Float32Array).length);
  for (const field of fields.slice(0, from)) mean.add(field);
  const forecast = mean.mean();
  return rmse(
    grid,
    fields.slice(from).map((truth) => [forecast, truth]),
  );
}

async function readFields(dataset: GriddedDataset, name: string): Promise<Fields> {
  const array = await dataset.variables.get(name)?.read();
  if (array === undefined) throw new Error(name);
  const plane = (array.shape[1] as number) * (array.shape[2] as number);
  return Array.from({ length: array.shape[0] as number }, (_, at) =>
    Float32Array.from(array.data.subarray(at * plane, (at + 1) * plane)),
  );
}

async function readGrid(dataset: GriddedDataset, names: readonly [string, string]) {
  const [latitudes, longitudes] = await Promise.all(
    names.map(async (name) => (await dataset.variables.get(name)?.read())?.data),
  );
  return { latitudes: latitudes ?? [], longitudes: longitudes ?? [] };
}

describe.runIf(present)(`baselines on ERA5's last fifth${reason}`, () => {
  // Expected values: ../shared/data/INVENTORY.md, computed with NumPy.
  it("has the inventory's scores of global pressure and vorticity", async () => {
    const dataset = await openDataset(`${root}derived/era5_djf2526_5.625deg_nc3.nc`);
    const grid = await readGrid(dataset, ["lat", "lon"]);
    const msl = await readFields(dataset, "msl");
    expect([1, 4, 12].map((steps) => persistence(grid, msl, steps).toFixed(1))).toEqual(["258.9", "610.8", "929.8"]);
    expect(trainMean(grid, msl).toFixed(1)).toBe("775.4");
    const vorticity = await readFields(dataset, "vo850");
    expect([1, 4].map((steps) => persistence(grid, vorticity, steps).toExponential(2))).toEqual(["3.05e-5", "4.03e-5"]);
    expect(trainMean(grid, vorticity).toExponential(2)).toBe("3.13e-5");
    await dataset.close?.();
  });

  it("has the inventory's scores of London's temperature", async () => {
    const dataset = await openSeries(`${root}london_hourly_nc3/*-sfc.nc`);
    const fields = await readFields(dataset, "t2m");
    // The inventory's numbers are unweighted: all rows at the equator weigh the same.
    const grid = { latitudes: [-0.003, -0.002, -0.001, 0, 0.001, 0.002, 0.003], longitudes: [0, 1, 2, 3, 4, 5, 6] };
    expect(fields).toHaveLength(2208);
    expect([1, 6, 24].map((steps) => persistence(grid, fields, steps).toFixed(3))).toEqual(["0.538", "2.236", "3.896"]);
    expect(trainMean(grid, fields).toFixed(3)).toBe("3.347");
    await dataset.close?.();
  });
});
