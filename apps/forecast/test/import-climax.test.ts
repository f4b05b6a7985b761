import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig, writeTensorFile } from "@graticule/classify";
import { CLIMAX_48_CHANNELS } from "@graticule/data-era5";
import { ChannelVit, channelVitConfig, climax, makeChannelVit, mapWeights, unmapWeights } from "@graticule/models";
import { openSafetensors } from "@graticule/train";
import { type Tensor, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  exportClimax,
  importClimax,
  openForecastRun,
  prepare,
  prepareConfig,
  readTrainConfig,
  trainConfig,
  trainForecaster,
} from "../src/index.js";
import { writeWave } from "./write-wave.js";

const folder = mkdtempSync(join(tmpdir(), "graticule-import-climax-"));
const store = join(folder, "store");
const weights = join(folder, "climax.safetensors");
const [HEIGHT, WIDTH] = [4, 8];
let published: ChannelVit;

/** A little ClimaX of all its variables, with weights far enough from zero that each of them counts. */
async function makePublished(): Promise<ChannelVit> {
  const variables = CLIMAX_48_CHANNELS.length;
  const sizes = { patchSize: 2, embedDim: 16, depth: 1, numHeads: 2, mlpDim: 32, decoderDepth: 1 };
  const config = { ...sizes, inChannels: variables, outChannels: variables, imageSize: [HEIGHT, WIDTH] as const };
  const model = makeChannelVit(channelVitConfig("climax", config), { seed: 5 });
  let at = 0;
  for (const [, parameter] of model.namedParameters()) {
    const values = await parameter.variable.data();
    parameter.assign(Float32Array.from(values, (value) => value + 0.2 * Math.sin(1.3 * (at++) ** 1.1)));
  }
  return model;
}

beforeAll(async () => {
  await writeWave(join(folder, "wave.nc"), 60);
  const splits = { train: ["2020-01-01", "2020-01-11"], test: ["2020-01-11", "2020-01-16"] };
  const channels = ["z850", "z500", "msl"];
  await prepare(store, prepareConfig.parse({ sources: [join(folder, "wave.nc")], channels, splits }));
  published = await makePublished();
  const state = published.stateDict();
  const ours = {
    tensors: new Map(Array.from(state, ([name, { shape }]) => [name, { shape, dtype: "F32" as const }])),
    read: async (name: string) => (await (state.get(name) as Tensor).data()) as Float32Array,
  };
  const theirs = unmapWeights(ours, climax, 2); // as Lightning saved the first ones
  await writeTensorFile(weights, theirs);
});
afterAll(() => {
  published.dispose();
  rmSync(folder, { recursive: true });
});

const settings = [
  ...[`store=${store}`, "backend.name=cpu", "data.leadTimeHours=12", "data.inputChannels=[z850,z500]"],
  ...["model.numHeads=2", "loader.numWorkers=0", "train.epochs=1", "optimizer.learningRate=1e-3"],
];

/** Rows from south to north of planes from north to south, or the reverse. */
function turned(planes: Float32Array): Float32Array {
  return planes.map((_, at) => {
    const [row, column] = [Math.floor(at / WIDTH) % HEIGHT, at % WIDTH];
    const plane = Math.floor(at / (HEIGHT * WIDTH));
    return planes[plane * HEIGHT * WIDTH + (HEIGHT - 1 - row) * WIDTH + column] as number;
  });
}

test("an imported run says what ClimaX says of the same channels, and is trained on", {
  timeout: 120_000,
}, async () => {
  const runFolder = join(folder, "run");
  const { inputs, targets } = await importClimax(weights, runFolder, {
    overrides: [...settings, "data.targetChannels=[z500]"],
  });
  expect([inputs, targets]).toEqual([["z850", "z500"], ["z500"]]);
  const run = await openForecastRun(runFolder);
  const start = run.samples.startHours[3] as number;
  const plane = HEIGHT * WIDTH;
  const state = new Float32Array(2 * plane);
  await run.samples.readState(start, state);
  const south = turned(state);
  // All 48 variables from south to north; those that the store lacks are masked.
  const [z850, z500] = ["z850", "z500"].map((name) => CLIMAX_48_CHANNELS.indexOf(name)) as [number, number];
  const pixels = new Float32Array(CLIMAX_48_CHANNELS.length * plane);
  pixels.set(south.subarray(0, plane), z850 * plane);
  pixels.set(south.subarray(plane), z500 * plane);
  const channelMask = Uint8Array.from(CLIMAX_48_CHANNELS, (_, at) => (at === z850 || at === z500 ? 1 : 0));
  const prediction = tidy(() =>
    published.forward(tensor4d(pixels, [1, CLIMAX_48_CHANNELS.length, HEIGHT, WIDTH]), {
      ...{ leadTimeHours: [12], channelMask },
    }),
  );
  const all = (await prediction.data()) as Float32Array;
  prediction.dispose();
  const expected = turned(all.slice(z500 * plane, (z500 + 1) * plane));
  const actual = await run.predict(start, 12);
  expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(0.1);
  // float32 sums in another order: masked channels are left out of them.
  for (const [at, value] of actual.entries()) expect(Math.abs(value - (expected[at] as number))).toBeLessThan(1e-5);
  expect([run.step, run.config.model.residual, run.channels.map(({ name }) => name)]).toEqual([0, "none", ["z500"]]);
  await run.close();

  const { step } = await trainForecaster(runFolder, await readTrainConfig(runFolder), { resume: true });
  expect(step).toBeGreaterThan(0);
  const trained = await openForecastRun(runFolder);
  expect(await trained.predict(start, 12)).not.toEqual(actual);
  await trained.close();
});

test("what ClimaX has no weights for is named", { timeout: 120_000 }, async () => {
  const message = (overrides: readonly string[]) =>
    importClimax(weights, join(folder, "none"), { overrides }).then(
      () => "imported",
      (error: Error) => error.message,
    );
  const [first, , ...others] = settings;
  const all = [first as string, "backend.name=cpu", ...others.filter((setting) => !setting.includes("inputChannels"))];
  expect(await message(all)).toMatch(/^importClimax: expected channels of ClimaX \(lsm, .*\), got 'msl'\./);
  expect(await message([...settings, "data.features=[solar]"])).toMatch(/, got 'tisr'\./);
  expect(await message([...settings, "data.historyHours=[6]"])).toMatch(/, got 'z850/);
  expect(await message([...settings, "model.networks=2"])).toMatchInlineSnapshot(
    `"model: expected one network without a base, as ClimaX is, got networks 2 and residual none. Leave them out."`,
  );
});

/** The bits of all tensors of a file. */
async function bitsOf(path: string): Promise<Map<string, Uint32Array>> {
  const file = await openSafetensors(path);
  const bits = new Map<string, Uint32Array>();
  for (const name of file.tensors.keys()) bits.set(name, new Uint32Array((await file.read(name)).slice().buffer));
  await file.close();
  return bits;
}

test("what was imported is exported bit for bit, and training changes the run's variables alone", {
  timeout: 120_000,
}, async () => {
  const runFolder = join(folder, "back");
  await importClimax(weights, runFolder, { overrides: [...settings, "data.targetChannels=[z500]"] });
  const path = join(folder, "exported.safetensors");
  const { variables } = await exportClimax(runFolder, path, { onto: weights });
  expect(variables).toEqual(CLIMAX_48_CHANNELS);
  const published48 = await bitsOf(weights);
  expect(await bitsOf(path)).toEqual(published48);

  await trainForecaster(runFolder, await readTrainConfig(runFolder), { resume: true });
  await exportClimax(runFolder, path, { onto: weights });
  const tuned = await bitsOf(path);
  const changed = [...published48.keys()].filter((name) => `${tuned.get(name)}` !== `${published48.get(name)}`);
  const [z850, z500, t850] = ["z850", "z500", "t850"].map((name) => CLIMAX_48_CHANNELS.indexOf(name));
  const projections = changed.filter((name) => name.startsWith("net.token_embeds.") && name.endsWith("weight"));
  expect(projections.sort()).toEqual([z850, z500].map((at) => `net.token_embeds.${at}.proj.weight`).sort());
  const headRows = (bits: ReadonlyMap<string, Uint32Array>, variable: number) => {
    const rows = bits.get("net.head.2.bias") as Uint32Array;
    return rows.filter((_, row) => row % CLIMAX_48_CHANNELS.length === variable);
  };
  expect(headRows(tuned, z500 as number)).not.toEqual(headRows(published48, z500 as number));
  expect(headRows(tuned, t850 as number)).toEqual(headRows(published48, t850 as number));

  await expect(exportClimax(runFolder, path)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: writeClimaxWeights: expected weights of all 2 variables, as ClimaX reads and predicts the same ones, got 2 that are read and 1 that are predicted. Name the published weights that have the others.]`,
  );
});

test("a run of our own is exported with its own variables, and its model upside down says the same", {
  timeout: 120_000,
}, async () => {
  const runFolder = join(folder, "own");
  const shape = ["patchSize=2", "embedDim=16", "depth=1", "numHeads=2", "mlpDim=32", "decoderDepth=1"];
  const overrides = ["model.preset=climax", "model.residual=none", ...shape.map((size) => `model.${size}`)];
  const own = [`store=${store}`, "backend.name=cpu", "data.leadTimeHours=12", "loader.numWorkers=0", "train.epochs=2"];
  const config = await readConfig(trainConfig, { files: [], overrides: [...own, ...overrides] });
  await trainForecaster(runFolder, config);
  const path = join(folder, "own.safetensors");
  const { variables } = await exportClimax(runFolder, path);
  expect(variables).toEqual(["z850", "z500", "msl"]);

  const file = await openSafetensors(path);
  const sizes = { patchSize: 2, embedDim: 16, depth: 1, numHeads: 2, mlpDim: 32, decoderDepth: 1 };
  const model = new ChannelVit(
    channelVitConfig("climax", { ...sizes, inChannels: 3, outChannels: 3, imageSize: [4, 8] }),
  );
  await model.loadStateDict(mapWeights(file, climax));
  await file.close();
  const run = await openForecastRun(runFolder);
  const start = run.samples.startHours[3] as number;
  const state = new Float32Array(3 * HEIGHT * WIDTH);
  await run.samples.readState(start, state);
  const prediction = tidy(() => model.forward(tensor4d(turned(state), [1, 3, HEIGHT, WIDTH]), { leadTimeHours: [12] }));
  const expected = turned((await prediction.data()) as Float32Array);
  prediction.dispose();
  const actual = await run.predict(start, 12);
  // float32 sums in another order.
  for (const [at, value] of actual.entries()) expect(Math.abs(value - (expected[at] as number))).toBeLessThan(1e-5);
  await run.close();
  model.dispose();
});

test("what ClimaX has no form for is not exported", { timeout: 120_000 }, async () => {
  const runFolder = join(folder, "persistence");
  const overrides = [
    `store=${store}`,
    "backend.name=cpu",
    "loader.numWorkers=0",
    "train.epochs=1",
    "model.patchSize=2",
  ];
  await trainForecaster(runFolder, await readConfig(trainConfig, { files: [], overrides }));
  await expect(exportClimax(runFolder, join(folder, "none.safetensors"))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[MismatchError: exportClimax: expected one network that predicts the state itself, as ClimaX does, got networks 1 and residual damped-persistence. Train with model.residual=none.]`,
  );
});
