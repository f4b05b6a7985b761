import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeTemporaryFolder } from "../../../../tooling/test/temporary-folder.js";
import {
  makeSimulation,
  openDataset,
  openSeries,
  readTimeAxis,
  relativeVorticity,
  SIMULATION_DEFAULTS,
  type WriteSimulationOptions,
  writeSimulation,
} from "../../src/index.js";

const temporary = makeTemporaryFolder();
const options: WriteSimulationOptions = {
  ...SIMULATION_DEFAULTS,
  spinUpDays: 5,
  times: { from: "2000-12-30", to: "2001-01-03", stepHours: 6 },
};

test("years are files that read as one series, and a field's future is what the model makes of it", async () => {
  const progress: number[] = [];
  const folder = join(temporary.path, "one");
  const { files, times } = await writeSimulation(folder, options, (done) => progress.push(done));
  expect([files.map((file) => file.slice(-7)), times]).toEqual([["2000.nc", "2001.nc"], 16]);
  expect(readdirSync(folder).sort()).toEqual(["2000.nc", "2001.nc", "simulation.json", "state.f64"]);
  expect(progress).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
  const series = await openSeries(join(folder, "*.nc"));
  expect(series.gaps).toEqual([]);
  expect((await readTimeAxis(series)).date(8)).toMatchObject({ year: 2001, month: 1, day: 1, hour: 0 });
  expect(series.variables.get("vo")?.shape).toEqual([16, 1, 32, 64]);
  const read = async (name: string, time: number): Promise<Float64Array> => {
    const { data } = await (series.variables.get(name) as NonNullable<ReturnType<typeof series.variables.get>>).read({
      time,
      level: 0,
    });
    return Float64Array.from(data);
  };
  const { model, advance } = makeSimulation(options);
  const vorticity = model.transform.toSpectrum(await read("vo", 2));
  advance(vorticity, 48);
  const largest = Math.max(...(await read("vo", 10)).map(Math.abs));
  // The file's float32 is all that separates the two.
  const error = (found: Float64Array, expected: Float64Array): number =>
    Math.max(...found.map((value, at) => Math.abs(value - (expected[at] as number))));
  expect(error(model.transform.toGrid(vorticity), await read("vo", 10)) / largest).toBeLessThan(1e-5);
  expect(error(model.eastwardWind(vorticity), await read("u", 10))).toBeLessThan(1e-3);
  const curl = relativeVorticity(model.transform.grid, await read("u", 10), await read("v", 10));
  expect(error(curl, await read("vo", 10)) / largest).toBeLessThan(0.2);
  await series.close();
});

test("equal options give equal bytes, another seed other ones; the settings stand in the file", async () => {
  const [again, other] = [join(temporary.path, "again"), join(temporary.path, "other")];
  const short = { ...options, times: { ...options.times, to: "2000-12-31" } };
  await writeSimulation(again, short);
  const bytes = readFileSync(join(again, "2000.nc"));
  await writeSimulation(again, short);
  expect(readFileSync(join(again, "2000.nc")).equals(bytes)).toBe(true);
  await writeSimulation(other, { ...short, seed: 1 });
  expect(readFileSync(join(other, "2000.nc")).equals(bytes)).toBe(false);
  const dataset = await openDataset(join(other, "2000.nc"));
  expect(JSON.parse(String(dataset.attributes.simulation_settings))).toEqual({ ...short, seed: 1 });
  await dataset.close();
});

test("an interrupted simulation goes on behind its last whole year, to the same bytes", async () => {
  const [whole, parts] = [join(temporary.path, "whole"), join(temporary.path, "parts")];
  await writeSimulation(whole, options);
  const stop = (done: number): void => {
    if (done === 12) throw new Error("killed");
  };
  await expect(writeSimulation(parts, options, stop)).rejects.toThrow("killed");
  expect(readdirSync(parts).sort()).toEqual(["2000.nc", "simulation.json", "state.f64"]);
  const progress: number[] = [];
  await writeSimulation(parts, options, (done) => progress.push(done));
  expect(progress[0]).toBe(9);
  for (const name of ["2000.nc", "2001.nc"])
    expect(readFileSync(join(parts, name)).equals(readFileSync(join(whole, name)))).toBe(true);
});

test("a small difference grows, so that forecasts have a horizon", { timeout: 60_000 }, () => {
  const { model, start, advance } = makeSimulation({ ...SIMULATION_DEFAULTS, spinUpDays: 60 });
  const truth = start();
  const other = truth.map((value, at) => value * (1 + 1e-6 * Math.sin(at)));
  const distance = (): number => model.enstrophy(truth.map((value, at) => value - (other[at] as number)));
  const before = distance();
  for (const vorticity of [truth, other]) advance(vorticity, 24 * 60);
  expect(Math.sqrt(distance() / before)).toBeGreaterThan(10);
  expect(Math.max(...model.eastwardWind(truth))).toBeLessThan(150);
});

test("says what does not fit", async () => {
  const folder = join(temporary.path, "taken");
  temporary.write("taken/2000.nc", "");
  const write = (changed: Partial<WriteSimulationOptions>, where = join(temporary.path, "none")) =>
    writeSimulation(where, { ...options, ...changed }).catch((error: Error) => {
      throw new Error(error.message.replaceAll(temporary.path, "FOLDER"));
    });
  await expect(write({}, folder)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[Error: FOLDER/taken: expected an empty folder, or one of the same simulation, got 1 other files. Choose another folder, or delete this one.]`,
  );
  writeFileSync(join(folder, "simulation.json"), "{}");
  await expect(write({}, folder)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[Error: FOLDER/taken: expected an empty folder, or one of the same simulation, got one of {}. Choose another folder, or delete this one.]`,
  );
  const times = { ...options.times, to: "1999" };
  await expect(write({ times })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[Error: times: expected 'from' before 'to' and a stepHours above 0, got '2000-12-30', '1999' and 6.]`,
  );
  const eddies = { speed: 80, degrees: [6, 30] as const };
  await expect(write({ eddies })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[Error: eddies.degrees: expected two rising degrees from 1 to the truncation 21, got [6, 30].]`,
  );
  await expect(write({ stepMinutes: 6000 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[Error: stepMinutes: expected less than 3888, for the damping to be stable, got 6000.]`,
  );
  const jets = { speed: 2000, latitude: 40, width: 15 };
  expect(() => makeSimulation({ ...options, jets }).start()).toThrowErrorMatchingInlineSnapshot(
    `[NonFiniteError: simulation: expected finite vorticity, got NaN for its square at step 2 of 120. Use a shorter stepMinutes than 60, or slower winds.]`,
  );
});
