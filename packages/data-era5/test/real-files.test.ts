import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openDataset, openSeries, readTimeAxis, sel } from "../src/index.js";
import { expectSameValues, readExpected } from "./expected.js";

const root = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const present = existsSync(root);
const reason = present ? "" : " (skipped: no ../shared/data beside the repository)";

describe.skipIf(!present)(`real files${reason}`, () => {
  test.each(Object.entries({ ...readExpected("real"), ...readExpected("real-zarr") }))(
    "%s reads as netCDF4 or zarr read it",
    async (file, expected) => {
      const dataset = await openDataset(root + file);
      await expectSameValues(dataset, expected);
      await dataset.close();
    },
  );

  test("GRIB is refused with the command that converts it", async () => {
    await expect(openDataset(`${root}era5/era5-levels-members.grib`)).rejects.toThrow(
      /members\.grib: expected NetCDF, HDF5 or Zarr data, got a GRIB file\. Convert it: `grib_to_netcdf -k 4 -o out\.nc in\.grib`/,
    );
  });

  test("three months of hourly files are one series, 2,208 hours without a gap", async () => {
    const series = await openSeries(`${root}era5/london_hourly_nc3/*-sfc.nc`, { maxOpen: 1 });
    expect(series.files.map(({ start, count }) => [start, count])).toEqual([
      [0, 744],
      [744, 720],
      [1464, 744],
    ]);
    expect(series.gaps).toEqual([]);
    expect(series.times.date(2207)).toEqual({ year: 2013, month: 12, day: 31, hour: 23, dayOfYear: 365 });
    const whole = await openDataset(`${root}era5/london_hourly_nc3/51.5N0.125W-201311-sfc.nc`);
    const part = await series.variables.get("t2m")?.read({ time: { start: 740, stop: 800, step: 20 }, latitude: 2 });
    const inNovember = await whole.variables.get("t2m")?.read({ time: { start: 16, stop: 57, step: 20 }, latitude: 2 });
    expect(part?.shape).toEqual([3, 7]);
    expect(part?.data.slice(7)).toEqual(inNovember?.data.slice(0, 14));
    await Promise.all([series.close(), whole.close()]);
  });

  test("a range of longitudes passes the prime meridian of a 0–360° grid", async () => {
    const dataset = await openDataset(`${root}era5/era5_msl_2025120100_0.25x0.25.nc`);
    const europe = await sel(dataset, { latitude: { from: 35, to: 70 }, longitude: { from: -10, to: 40 } });
    expect(europe.dimensions).toEqual({ latitude: 141, longitude: 201 });
    const longitudes = await europe.variables.get("longitude")?.read();
    expect([longitudes?.data[0], longitudes?.data[200]]).toEqual([-10, 40]);
    const whole = await dataset.variables.get("msl")?.read();
    const msl = await europe.variables.get("msl")?.read({ latitude: 0 });
    // Row 80 is 70° north; 350° is column 1,400.
    expect([msl?.data[0], msl?.data[40]]).toEqual([whole?.data[80 * 1440 + 1400], whole?.data[80 * 1440]]);
    await dataset.close();
  });

  test("times of a Zarr store decode", async () => {
    const dataset = await openDataset(`${root}era5/global_2.5deg_zarr/era5_msl_2025-2026_djf_2.5x2.5.zarr`);
    const turn = await sel(dataset, { time: { from: "2025-12-31", to: "2026-01-01" } });
    const times = await readTimeAxis(turn);
    expect([times.milliseconds[0], times.milliseconds.at(-1)]).toEqual([
      Date.UTC(2025, 11, 31),
      Date.UTC(2026, 0, 1, 18),
    ]);
    expect(dataset.skipped).toEqual({ expver: "it holds text or objects" });
  });
});
