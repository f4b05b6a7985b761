import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PlainObject, printConfig } from "@graticule/config";
import { ConfigError, type Logger, silentLogger } from "@graticule/core";
import type { ChannelSchema } from "@graticule/data";
import {
  type ChannelAdaption,
  type ImportedWeights,
  importWeights,
  Mae,
  type MaeConfig,
  vitPresets,
} from "@graticule/models";
import { listCheckpoints, openBackend, RUN_CONFIG_FILE, saveCheckpoint } from "@graticule/train";
import { maeModelConfig } from "../mae-model-config.js";
import { describeVit } from "../vit-model-config.js";
import { withoutUndefined } from "../without-undefined.js";
import type { ImportConfig } from "./import-config.js";
import { type FamilyName, type NamedFamily, namedFamilies, normalizations } from "./named-families.js";
import { openWeights } from "./open-weights.js";

/** What became of published weights. */
export interface ImportResult extends Pick<ImportedWeights, "adapted" | "skipped"> {
  /** Folder of the checkpoint. */
  readonly checkpoint: string;
  readonly numTensors: number;
}

/**
 * Makes a run of published weights, which probe, kNN and predict take as they take a pretrained one.
 *
 * @throws {ConfigError} if the folder holds a run already, or the settings leave something open.
 * @throws {MismatchError} that lists every tensor without its place.
 */
export async function importRun(
  source: string,
  as: FamilyName,
  runFolder: string,
  config: ImportConfig,
  logger: Logger = silentLogger,
): Promise<ImportResult> {
  if ((await listCheckpoints(runFolder)).length > 0)
    throw new ConfigError(`${runFolder}: expected a new folder, got one with checkpoints. Name another folder.`);
  await openBackend({ name: "auto", device: "cpu", precision: "fp32", threads: 0 }, logger);
  const named: NamedFamily = namedFamilies[as];
  const file = await openWeights(source, config.key);
  try {
    const { prefix, skip, imageSize, toImageSize, numHeads, decoderNumHeads, normEpsilon, channelGroups } = config;
    const settings = withoutUndefined({
      ...{ imageSize, toImageSize, numHeads, decoderNumHeads, normEpsilon, channelGroups },
    });
    const schema = channelsOf(config, named);
    const channels = adaptionTo(schema, config);
    const imported = await importWeights(file, named.family, {
      prefix,
      skip,
      ...settings,
      ...(channels && { channels }),
    });
    try {
      checkChannels(schema, imported.model.config.inChannels);
      const checkpoint = await saveImported(runFolder, { as, prefix, from: file.path }, imported, config, schema);
      const { model, adapted, skipped } = imported;
      return { checkpoint, adapted, skipped, numTensors: model.namedParameters().length };
    } finally {
      imported.model.dispose();
    }
  } finally {
    await file.close();
  }
}

/** Writes the run's settings and its one checkpoint. Returns the checkpoint's folder. */
async function saveImported(
  runFolder: string,
  origin: { readonly as: FamilyName; readonly prefix: string; readonly from: string },
  { model, variant, dtypes, adapted, skipped }: ImportedWeights,
  { seed, data }: ImportConfig,
  schema: ChannelSchema,
): Promise<string> {
  const narrow = [...dtypes].filter(([, dtype]) => dtype === "F16" || dtype === "BF16");
  const imported = {
    ...{ ...origin, variant, skipped, adapted: Object.fromEntries(adapted) },
    /** Tensors that the file stores in 16 bits. */
    dtypes: Object.fromEntries(narrow),
  };
  const shape = model instanceof Mae ? describeMae(model.config) : describeVit(model.config);
  const config = toPlain({ seed, data, model: shape, imported });
  await mkdir(runFolder, { recursive: true });
  await writeFile(join(runFolder, RUN_CONFIG_FILE), printConfig({ ...config, ...toPlain({ channels: schema }) }));
  return saveCheckpoint({
    ...{ runFolder, keep: 1, model: model.stateDict(), optimizer: { tensors: new Map(), updates: {} } },
    state: { ...{ step: 0, epoch: 0, sampleInEpoch: 0, samplesSeen: 0, seconds: 0 }, seed, config, schema },
  });
}

const toPlain = (value: object): PlainObject => JSON.parse(JSON.stringify(value)) as PlainObject;

/** The channels that the model is fed, with their statistics. */
function channelsOf({ channels, normalization, channelNames }: ImportConfig, named: NamedFamily): ChannelSchema {
  if (channels) return channels.map((channel) => withoutUndefined(channel));
  const name = normalization ?? named.normalization;
  if (!name)
    throw new ConfigError(
      `normalization: expected ${Object.keys(normalizations).join(", ")}, or channels with mean and std, got none. Weights of this family differ in it; see where they were published.`,
    );
  const { names: published, mean, std, scale } = normalizations[name];
  const names = channelNames ?? published;
  if (names.length !== mean.length)
    throw new ConfigError(`channelNames: expected one for each of ${published.join(", ")}, got ${names.join(", ")}.`);
  return names.map((channel, index) => {
    return { name: channel, mean: scale * (mean[index] as number), std: scale * (std[index] as number) };
  });
}

function adaptionTo(
  schema: ChannelSchema,
  { adaptChannels, fromWavelengthsNm }: ImportConfig,
): ChannelAdaption | undefined {
  if (adaptChannels === undefined) return undefined;
  if (adaptChannels !== "wavelength") return { method: adaptChannels, inChannels: schema.length };
  const toNm = schema.flatMap(({ wavelengthNm }) => wavelengthNm ?? []);
  if (!fromWavelengthsNm || toNm.length < schema.length)
    throw new ConfigError(
      "adaptChannels: expected fromWavelengthsNm and a wavelengthNm for each channel, got fewer. Set them, or adapt by 'repeat' or 'average'.",
    );
  return { method: "wavelength", fromNm: fromWavelengthsNm, toNm };
}

function checkChannels(schema: ChannelSchema, inChannels: number): void {
  if (schema.length !== inChannels)
    throw new ConfigError(
      `channels: expected one for each of the weights' ${inChannels} channels, got ${schema.length}. Describe them in 'channels', or set adaptChannels.`,
    );
}

function describeMae({ inChannels, ...shape }: MaeConfig) {
  const presets = Object.entries(vitPresets) as [keyof typeof vitPresets, { readonly embedDim: number }][];
  const preset = presets.find(([, { embedDim }]) => embedDim === shape.embedDim)?.[0] ?? "base";
  return maeModelConfig.parse({ preset, ...withoutUndefined(shape) });
}
