import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeProgressLine, readConfig } from "@graticule/classify";
import { writeNetcdf } from "@graticule/data-era5";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspect, prepare, prepareConfig } from "../src/index.js";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "graticule-forecast-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Fields of two months every 6 h on a 4 x 8 grid: t2m follows the day, z500 the row. */
async function writeMonth(path: string, firstHour: number, times: number): Promise<void> {
  const [height, width] = [4, 8];
  const field = (value: (t: number, i: number, j: number) => number) =>
    Float32Array.from({ length: times * height * width }, (_, at) =>
      value(Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width),
    );
  const dims = ["time", "latitude", "longitude"];
  await writeNetcdf(path, {
    dimensions: { time: times, latitude: height, longitude: width, level: 1 },
    variables: {
      time: {
        dims: ["time"],
        data: Float64Array.from({ length: times }, (_, index) => firstHour + 6 * index),
        attributes: { units: "hours since 2020-01-01" },
      },
      latitude: {
        dims: ["latitude"],
        data: Float64Array.of(67.5, 22.5, -22.5, -67.5),
        attributes: { units: "degrees_north" },
      },
      longitude: {
        dims: ["longitude"],
        data: Float64Array.from({ length: 8 }, (_, j) => 45 * j),
        attributes: { units: "degrees_east" },
      },
      level: { dims: ["level"], data: Float64Array.of(500), attributes: { units: "hPa" } },
      t2m: {
        dims,
        data: field((t, i, j) => 280 + 5 * Math.sin(t) + i + j / 10),
        attributes: { units: "K", long_name: "2 metre temperature" },
      },
      z: {
        dims: ["time", "level", "latitude", "longitude"],
        data: field((t, i, j) => 54_000 + 100 * i + 10 * Math.cos(t) + j),
        attributes: { units: "m**2 s**-2" },
      },
    },
  });
}

const config = `
sources: ["${folder}/2020-*.nc"]
channels: [z500, t2m]
staticChannels: [lat2d]
grid: { kind: regular, size: [2, 4], method: conservative }
splits: { train: ["2020-01-01", "2020-02-15"], test: ["2020-02-15", "2020-03-01"] }
climatology: { windowDays: 5 }
`;

beforeAll(async () => {
  await writeMonth(join(folder, "2020-01.nc"), 0, 124);
  await writeMonth(join(folder, "2020-02.nc"), 744, 116);
  writeFileSync(join(folder, "prepare.yaml"), config);
});

const node = ["--conditions=@graticule/source", "--import", "tsx", main];
async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [...node, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

function readAll(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(path, name)).isFile());
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(path, name)).toString("base64")]));
}

test("prepare makes a store that inspect describes, and does nothing the second time", {
  timeout: 120_000,
}, async () => {
  const out = join(folder, "store");
  const first = await run("prepare", "--config", join(folder, "prepare.yaml"), "--out", out);
  expect(first.stderr).toMatch(/2 files, 240 times\n.*fields: 240 of 240.*\nstatistics: 180 of 180/s);
  expect(first.stdout).toMatch(/^store: .*\n240 times of 2 channels on 2 x 4, .* KiB; splits train, test\n$/);
  expect(readdirSync(out).sort()).toEqual(["climatology", "fields", "static", "statistics.json"]);
  const files = readAll(out);
  expect((await run("prepare", "--config", join(folder, "prepare.yaml"), "--out", out)).code).toBe(0);
  expect(readAll(out)).toEqual(files);
  const text = await inspect(out);
  expect(text).toContain("240 times from 2020-01-01T00:00 to 2020-02-29T18:00 (standard) every 6 h");
  expect(text).toMatch(/^channel +unit +mean +std +std of 6 h change +source$/m);
  expect(text).toMatch(/^z500 +m2 s-2 +54[0-9.]+ +[0-9.]+ /m);
  expect(text).toMatch(/^lat2d +degrees_north +static$/m);
  const other = await run("prepare", "--config", join(folder, "prepare.yaml"), "--out", out, "dtype=int16");
  expect([other.code, other.stderr]).toEqual([
    1,
    expect.stringMatching(/error: .*expected dtype "float32" as when the folder was begun, got "int16"/),
  ]);
});

test("a store may be on a Gaussian grid", { timeout: 120_000 }, async () => {
  const settings = await readConfig(prepareConfig, {
    files: [join(folder, "prepare.yaml")],
    overrides: ["grid={ kind: gaussian, latitudes: 2 }"],
  });
  const { shape } = await prepare(join(folder, "gaussian"), settings);
  expect(shape).toEqual([2, 2, 4]);
  // The zeros of the second Legendre polynomial: sin φ = ±1/√3.
  expect(await inspect(join(folder, "gaussian"))).toMatch(/35\.26438968\d* to -35\.26438968\d* north/);
});

test("files are described by their variables", async () => {
  const { stdout } = await run("inspect", join(folder, "2020-01.nc"));
  expect(stdout).toContain("time 124, latitude 4, longitude 8, level 1");
  expect(stdout).toContain("times from 2020-01-01T00:00 to 2020-01-31T18:00 (standard)");
  expect(stdout).toMatch(/^t2m +\(time, latitude, longitude\) +124 x 4 x 8 +K +2 metre temperature$/m);
});

test("mistakes are one clear line", { timeout: 120_000 }, async () => {
  const { code, stderr } = await run("prepare", "--config", join(folder, "prepare.yaml"), "channels=[msl]");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /error: channel 'msl': expected a source of 1 that has it, got none: .*a variable that is msl/,
  );
  expect(stderr).not.toMatch(/ at .*\.ts/);
  const noNumber = await run("score", "nowhere", "--lead", "24", "abc");
  expect([noNumber.code, noNumber.stderr.split("\n")[0]]).toEqual([
    1,
    "error: option '--lead <hours...>' argument 'abc' is invalid. Expected hours above 0.",
  ]);
  const refuse = async (message: RegExp, ...overrides: string[]): Promise<void> => {
    const read = readConfig(prepareConfig, { files: [join(folder, "prepare.yaml")], overrides });
    await expect(read.then((settings) => prepare(join(folder, "none"), settings))).rejects.toThrow(message);
  };
  await refuse(/expected a known key, got 'chanels'\. Did you mean 'channels'/, "chanels=[t2m]");
  await refuse(
    /splits: expected spans of time apart from each other, got train and test that overlap/,
    "splits.test=[2020,2021]",
  );
  await refuse(/splits: expected a split 'train'/, "splits={test: [2020, 2021]}");
  await refuse(/lost\.nc/, `sources=[${folder}/lost.nc]`);
});

test("settings print and load back; bf16 of a large field warns", { timeout: 120_000 }, async () => {
  const { stdout } = await run(
    "prepare",
    "--config",
    join(folder, "prepare.yaml"),
    "splits.val=[2021,2022]",
    "--print-config",
  );
  const printed = join(folder, "printed.yaml");
  writeFileSync(printed, stdout);
  const loaded = await readConfig(prepareConfig, { files: [printed] });
  expect(loaded.splits).toEqual({
    train: ["2020-01-01", "2020-02-15"],
    test: ["2020-02-15", "2020-03-01"],
    val: ["2021", "2022"],
  });
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  await prepare(join(folder, "bf16"), { ...loaded, dtype: "bf16" }, { logger });
  expect(warnings).toEqual([
    expect.stringMatching(/^z500: bf16 holds it in steps of 256, \d+ % of its std\. Use int16/),
    expect.stringMatching(/^t2m/),
  ]);
});

test("a simulation becomes a store, and its settings print", { timeout: 120_000 }, async () => {
  const out = join(folder, "simulation");
  const settings = ["spinUpDays=1", "times.from=2001-12-31", "times.to=2002-01-02"];
  const { stdout, stderr } = await run("simulate", ...settings, "--out", out);
  expect(stderr).toMatch(/fields: 8 of 8/);
  expect(stdout).toMatch(
    /\n8 times of vo, u, v and strf at 500 hPa in 2 files, .* KiB\nnext: graticule-forecast prepare/,
  );
  const config = prepareConfig.parse({
    sources: [join(out, "*.nc")],
    channels: ["vo500", "u500", "v500", "ws500", { name: "strf", variable: "strf", levelHpa: 500 }],
    splits: { train: ["2001", "2002"], test: ["2002", "2003"] },
  });
  const { times, shape } = await prepare(join(folder, "simulated-store"), config);
  expect([times, shape]).toEqual([8, [5, 32, 64]]);
  expect((await run("simulate", "seed=7", "--print-config")).stdout).toContain("seed: 7");
});

test("the progress line says rate and rest, each time the stage changes or ends", () => {
  const lines: string[] = [];
  let seconds = 0;
  const stream = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream;
  const show = makeProgressLine(stream, () => seconds);
  show("fields", 10, 100);
  seconds = 12;
  show("fields", 34, 100);
  seconds = 30;
  show("fields", 100, 100);
  show("statistics", 5, 5);
  expect(lines).toEqual([
    "fields: 34 of 100, 2.00 a second, 33.0 s left\n",
    "fields: 100 of 100, 3.00 a second, in 30.0 s\n",
    "statistics: 5 of 5\n",
  ]);
});

test("the public names are these", async () => {
  expect(Object.keys(await import("../src/index.js")).sort()).toEqual([
    "chooseStarts",
    "exportClimax",
    "fileSource",
    "importClimax",
    "inspect",
    "openForecastRun",
    "plotForecast",
    "prepare",
    "prepareConfig",
    "readTrainConfig",
    "rollout",
    "runSource",
    "scoreForecasts",
    "simulateConfig",
    "trainConfig",
    "trainForecaster",
    "writeForecasts",
    "writeScores",
  ]);
});
