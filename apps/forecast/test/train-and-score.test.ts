import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset, openWeatherStore } from "@graticule/data-era5";
import { weatherBench2Regions } from "@graticule/eval";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  chooseStarts,
  fileSource,
  openForecastRun,
  plotForecast,
  prepare,
  prepareConfig,
  rollout,
  runSource,
  scoreForecasts,
  trainConfig,
  trainForecaster,
  writeForecasts,
  writeScores,
} from "../src/index.js";
import { scoreReport } from "../src/scoring/score-report.js";
import { writeWave } from "./write-wave.js";

const folder = mkdtempSync(join(tmpdir(), "graticule-forecast-train-"));
const store = join(folder, "store");
afterAll(() => rmSync(folder, { recursive: true }));

function settings(epochs: number) {
  return trainConfig.parse({
    backend: { name: "cpu" },
    store,
    data: { historyHours: [6], leadTimeHours: [6, 12], features: ["timeOfDay"] },
    model: { patchSize: 4, embedDim: 16, depth: 1, numHeads: 2, decoderDepth: 0 },
    augment: { turn: true, inputNoise: 0.01 },
    optimizer: { learningRate: 3e-3 },
    loader: { numWorkers: 0 },
    train: { epochs, microBatchSize: 16, checkpointEverySteps: 5 },
  });
}

beforeAll(async () => {
  await writeWave(join(folder, "wave.nc"), 240);
  const config = prepareConfig.parse({
    sources: [join(folder, "wave.nc")],
    channels: ["z500", "z850", "msl"],
    splits: {
      train: ["2020-01-01", "2020-01-31"],
      val: ["2020-01-31", "2020-02-10"],
      test: ["2020-02-10", "2020-03-01"],
    },
  });
  await prepare(store, config);
});

test("a run that was interrupted gives the same weights as one that was not", { timeout: 120_000 }, async () => {
  const whole = await trainForecaster(join(folder, "whole"), settings(3));
  await trainForecaster(join(folder, "parts"), settings(3), {});
  const checkpoints = join(folder, "parts", "checkpoints");
  rmSync(join(checkpoints, readdirSync(checkpoints).sort().at(-1) as string), { recursive: true });
  const again = await trainForecaster(join(folder, "parts"), settings(3), { resume: true });
  expect(again.step).toBe(whole.step);
  expect(again.best).toEqual(whole.best);
  const weights = (path: string): Buffer => readFileSync(join(path, "model.safetensors"));
  expect(weights(again.checkpoint).equals(weights(whole.checkpoint))).toBe(true);
});

test("a trained run beats persistence, and its forecasts are the same from a file", { timeout: 240_000 }, async () => {
  const runFolder = join(folder, "run");
  const { best } = await trainForecaster(runFolder, settings(12));
  expect(best?.loss).toBeLessThan(0.9);
  const run = await openForecastRun(runFolder);
  const truth = await openWeatherStore(store);
  const scoring = {
    split: "test",
    leadTimesHours: [6, 12],
    protocol: "weatherbench2",
    seed: 1,
    blockHours: 24,
  } as const;
  const sheet = await scoreForecasts(runSource(run), truth, scoring);
  const against = sheet.differences.filter(
    ({ baseline, definition }) => baseline === "persistence" && definition === "weatherbench2.rmse",
  );
  expect(against).toHaveLength(6);
  for (const { value, significant } of against) expect([value < 0, significant]).toEqual([true, true]);
  expect(sheet.records[0]).toMatchObject({ source: "model", checkpoint: best?.sha256 });

  expect(sheet.spectra).toHaveLength(6);
  expect(sheet.rankHistograms).toEqual([]);

  const ensemble = { members: 4, inputNoise: 0.2, seed: 3 };
  const regions = weatherBench2Regions.filter(({ name }) => ["global", "arctic"].includes(name));
  const spread = await scoreForecasts(runSource(run, ensemble), truth, { ...scoring, regions });
  expect(spread.rankHistograms).toHaveLength(2 * 3 * 2);
  expect(spread.rankHistograms[0]?.shares).toHaveLength(5);
  const crps = spread.records.filter(({ definition }) => definition === "ensemble.crps-fair");
  const mae = sheet.records.filter((record) => record.source === "model" && record.definition === "weatherbench2.mae");
  expect(crps).toHaveLength(12);
  expect(new Set(crps.map(({ region }) => region))).toEqual(new Set(["global", "arctic"]));
  expect(crps[0]?.value).toBeLessThan(mae[0]?.value as number); // members tell of uncertainty, one forecast doesn't
  const [again, once] = [
    await run.predictMembers(run.samples.startHours[0] as number, 6, ensemble),
    await run.predictMembers(run.samples.startHours[0] as number, 6, ensemble),
  ];
  expect(again).toEqual(once);
  const report = scoreReport(spread);
  expect(report.sections.map(({ heading }) => heading)).toEqual([
    "Scores on split 'test'",
    "All channels",
    "Scorecards",
    "Ensemble",
    "Spectra",
  ]);
  for (const { caption } of report.sections.flatMap(({ figures = [] }) => figures))
    expect(caption).toMatch(/77 starts from 2020-02-10.*checkpoint [0-9a-f]{12}/);

  const starts = await chooseStarts(store, { from: "2020-02-10", to: "2020-02-29", everyHours: 6 });
  const path = join(folder, "forecast.nc");
  await writeForecasts(path, run, starts, { leadTimesHours: [6, 12] });
  const file = await openDataset(path);
  expect(file.variables.get("z")).toMatchObject({
    dims: ["time", "prediction_timedelta", "level", "latitude", "longitude"],
    shape: [76, 2, 2, 4, 8],
  });
  expect(file.variables.get("msl")?.shape).toEqual([76, 2, 4, 8]);
  const source = await fileSource(path, truth);
  const first = starts[0] as number;
  expect(await source.read(first, 12)).toEqual(await runSource(run).read(first, 12));
  const fromFile = await scoreForecasts(source, truth, scoring);
  expect(fromFile.records[0]?.checkpoint).toBe(best?.sha256);

  const steps = { steps: 3, stepHours: 6 };
  const [a, b] = [await collect(rollout(run, [first], steps)), await collect(rollout(run, [first], steps))];
  expect(a).toEqual(b);
  expect(a.map(({ leadTimeHours }) => leadTimeHours)).toEqual([6, 12, 18]);

  await writeScores(join(folder, "scores.json"), sheet);
  const written = JSON.parse(readFileSync(join(folder, "scores.json"), "utf8"));
  expect(written.records).toHaveLength(sheet.records.length);
  const part = await plotForecast(run, truth, {
    startHours: first,
    leadTimesHours: [12],
    channels: ["msl"],
    projection: "equirectangular",
  });
  expect(part.sections[0]?.figures).toHaveLength(1);
  expect(readdirSync(runFolder)).toEqual(expect.arrayContaining(["maps-msl.svg", "maps-msl.png", "rollout-msl.png"]));
  await run.close();
  await truth.close();
  await file.close();
});

test("an ensemble trained on the CRPS has members apart, the same for the same seed", {
  timeout: 120_000,
}, async () => {
  const config = { ...settings(2), ensemble: { members: 3, noiseDim: 4 } };
  const { best } = await trainForecaster(join(folder, "ensemble"), config);
  expect(best).toMatchObject({ calibrated: false });
  const run = await openForecastRun(join(folder, "ensemble"));
  const start = run.samples.startHours[5] as number;
  const members = await run.predictMembers(start, 12, { members: 3, seed: 1 });
  expect(await run.predictMembers(start, 12, { members: 3, seed: 1 })).toEqual(members);
  expect(members[0]).not.toEqual(members[1]);
  await run.close();
});

test("mistakes say what was expected", { timeout: 60_000 }, async () => {
  await expect(chooseStarts(store, { from: "2031", everyHours: 6 })).rejects.toThrow(
    /--from: expected times of .*store \(2020-01-01T00:00 to 2020-02-29T18:00\), got '2031'/,
  );
  await expect(openForecastRun(join(folder, "nowhere"))).rejects.toThrow(/nowhere.*expected a run/);
  const truth = await openWeatherStore(store);
  await expect(fileSource(join(folder, "wave.nc"), truth)).rejects.toThrow(
    /wave\.nc: expected dimensions time and prediction_timedelta/,
  );
  await truth.close();
  const wrong = { ...settings(1), loss: { variableWeights: { t2m: 1 } } };
  await expect(trainForecaster(join(folder, "wrong"), wrong)).rejects.toThrow(
    /loss\.variableWeights: expected targets \(z500, z850, msl\), got 't2m'/,
  );
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
