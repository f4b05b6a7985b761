import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openWeights, readConfig } from "@graticule/classify";
import { type PlainData, printConfig } from "@graticule/config";
import { ConfigError, type Logger, MismatchError, silentLogger } from "@graticule/core";
import { CLIMAX_48_CHANNELS, type ForecastSamples, openForecastSamples } from "@graticule/data-era5";
import { type ClimaxWeights, makeAnomalyForecaster, readClimaxWeights } from "@graticule/models";
import { listCheckpoints, openBackend, RUN_CONFIG_FILE, saveCheckpoint } from "@graticule/train";
import { fitAnomalyBase } from "./fit-anomaly-base.js";
import { forecastModelConfig, samplesOptions } from "./forecast-model.js";
import { type TrainConfig, trainConfig } from "./train-config.js";

export interface ImportClimaxOptions {
  /** Files with settings of the run, and settings as a.b=c, as those of training; `store` has to be among them. */
  readonly files?: readonly string[];
  readonly overrides?: readonly string[];
  /** Entry of a file of torch.save that is the state dict; the only one that holds tensors unless given. */
  readonly key?: string;
  readonly logger?: Logger;
}

export interface ImportedClimax {
  readonly config: TrainConfig;
  /** Folder of the checkpoint, of step 0: training can go on from it. */
  readonly checkpoint: string;
  /** What the run reads and what it predicts, by ClimaX's names. */
  readonly inputs: readonly string[];
  readonly targets: readonly string[];
}

/**
 * Makes a run of published ClimaX weights on a store that has some of ClimaX's 48 channels.
 *
 * Layout: ClimaX's row 0 is in the south, as WeatherBench has it; the weights are turned for a store that begins in the north.
 *
 * @throws {ConfigError} if the folder holds a run, or the settings leave no place for ClimaX.
 * @throws {MismatchError} that names a channel that isn't ClimaX's, or says how store and weights differ.
 */
export async function importClimax(
  source: string,
  runFolder: string,
  { files = [], overrides = [], key, logger = silentLogger }: ImportClimaxOptions = {},
): Promise<ImportedClimax> {
  if ((await listCheckpoints(runFolder)).length > 0)
    throw new ConfigError(`${runFolder}: expected a new folder, got one with checkpoints. Name another folder.`);
  const file = await openWeights(source, key);
  try {
    const weights = readClimaxWeights(file);
    const own = { model: { preset: "climax", residual: "none", ...weights.sizes } };
    const config = await readConfig(trainConfig, { presets: [{ name: file.path, value: own }], files, overrides });
    const { residual, networks } = config.model;
    if (residual !== "none" || networks > 1)
      throw new ConfigError(
        `model: expected one network without a base, as ClimaX is, got networks ${networks} and residual ${residual}. Leave them out.`,
      );
    await openBackend(config.backend, logger);
    const samples = await openForecastSamples(samplesOptions(config, "train"));
    try {
      const checkpoint = await saveRun(runFolder, weights, config, samples);
      const [inputs, targets] = [samples.schema, samples.targetSchema].map((schema) => schema.map(({ name }) => name));
      return { config, checkpoint, inputs: inputs as string[], targets: targets as string[] };
    } finally {
      await samples.close();
    }
  } finally {
    await file.close();
  }
}

/** Writes the run's settings and its one checkpoint. Returns the checkpoint's folder. */
async function saveRun(
  runFolder: string,
  weights: ClimaxWeights,
  config: TrainConfig,
  samples: ForecastSamples,
): Promise<string> {
  const { seed } = config;
  const { schema, targetSchema, grid } = samples;
  if (weights.variables !== CLIMAX_48_CHANNELS.length)
    throw new MismatchError(
      "importClimax",
      `weights of ClimaX's ${CLIMAX_48_CHANNELS.length} variables`,
      `${weights.variables}`,
    );
  const [north = 0, south = 0] = [grid.latitudes[0], grid.latitudes.at(-1)];
  const modelConfig = forecastModelConfig(config, samples);
  const chosen = weights.forChannels({
    inputs: schema.map(({ name }) => placeOf(name)),
    outputs: targetSchema.map(({ name }) => placeOf(name)),
    imageSize: modelConfig.imageSize,
    flipRows: north > south,
  });
  const base = await fitAnomalyBase([samples], "none", modelConfig);
  const model = makeAnomalyForecaster(modelConfig, base, { seed });
  try {
    for (const network of model.networks) await network.loadStateDict(chosen);
    const plain = JSON.parse(JSON.stringify(config)) as PlainData;
    await mkdir(runFolder, { recursive: true });
    await writeFile(join(runFolder, RUN_CONFIG_FILE), printConfig(plain));
    return await saveCheckpoint({
      ...{ runFolder, keep: 1, model: model.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
      state: {
        ...{ step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0 },
        ...{ seed, config: plain, schema },
      },
    });
  } finally {
    model.dispose();
  }
}

function placeOf(name: string): number {
  const place = CLIMAX_48_CHANNELS.indexOf(name);
  if (place >= 0) return place;
  throw new MismatchError(
    "importClimax",
    `channels of ClimaX (${CLIMAX_48_CHANNELS.join(", ")})`,
    `'${name}'`,
    "Choose data.inputChannels among them, without data.historyHours and data.features.",
  );
}
