import { channelTreeFor, type ModelDivision } from "@graticule/classify";
import { ConfigError } from "@graticule/core";
import type { ForecastSamples, ForecastSamplesOptions } from "@graticule/data-era5";
import { type AnomalyForecasterConfig, channelVitConfig } from "@graticule/models";
import type { TrainConfig } from "./train-config.js";

/** How a run's samples of one split are opened, on a rank that needs these channels of the input; all unless given. */
export function samplesOptions(
  { store, data }: TrainConfig,
  split: string,
  heldChannels?: readonly number[],
): ForecastSamplesOptions {
  const { inputChannels, targetChannels, historyHours, features, leadTimeHours } = data;
  return {
    store,
    split,
    leadTimeHours,
    historyHours,
    features,
    ...(inputChannels && { inputChannels }),
    ...(targetChannels && { targetChannels }),
    ...(heldChannels && { heldChannels }),
  };
}

/** Where ranks can divide the model of a run. */
export function forecasterDivision({ model: { networks } }: TrainConfig): ModelDivision {
  return {
    blocks: "networks.*.blocks.*",
    outputs: ["networks.*.head.*"],
    channels: Array.from({ length: networks }, (_, network) => `networks.${network}.channels`),
  };
}

/** Whether a run is trained on the CRPS of several members. */
export function isEnsemble({ ensemble }: TrainConfig): boolean {
  return ensemble.members > 1;
}

/** Hours of the day of all states and targets, rising. */
function hoursOfDayOf({ startHours, leadTimeHours }: ForecastSamples, historyHours: readonly number[]): number[] {
  const starts = [...new Set(Array.from(startHours, (start) => start % 24))];
  const offsets = [0, ...leadTimeHours, ...historyHours.map((hours) => -hours)];
  const all = starts.flatMap((start) => offsets.map((offset) => (((start + offset) % 24) + 24) % 24));
  return [...new Set(all)].sort((a, b) => a - b);
}

/**
 * The model that fits a run's settings and data.
 *
 * @throws {ConfigError} if a target is not among the inputs, or members of an ensemble would be means of networks.
 */
export function forecastModelConfig(config: TrainConfig, samples: ForecastSamples): AnomalyForecasterConfig {
  const { preset, tree, groups, reducer, networks, residual: _, ...sizes } = config.model;
  if (networks > 1 && isEnsemble(config))
    throw new ConfigError(
      `model.networks: expected 1 with ensemble.members, which differ by latent noise of one network, got ${networks}.`,
    );
  const { historyHours } = config.data;
  const inChannels = samples.schema.length;
  const states = samples.schema.slice(0, samples.stateChannels).map(({ name }) => name);
  const targets = samples.targetSchema.map(({ name }) => {
    const place = states.indexOf(name);
    if (place < 0)
      throw new ConfigError(`targetChannels: expected channels of the input (${states.join(", ")}), got '${name}'.`);
    return place;
  });
  const given = Object.fromEntries(Object.entries(sizes).filter(([, value]) => value !== undefined));
  return {
    ...channelVitConfig(preset, {
      ...given,
      inChannels,
      imageSize: [samples.grid.latitudes.length, samples.grid.longitudes.length],
      outChannels: targets.length,
      ...(isEnsemble(config) && { noiseDim: config.ensemble.noiseDim }),
      channelTree: channelTreeFor({ tree, groups, reducer }, inChannels),
    }),
    stateHours: [0, ...historyHours],
    stateChannels: samples.stateChannels,
    targets,
    hoursOfDay: hoursOfDayOf(samples, historyHours),
    leadTimesHours: samples.leadTimeHours,
    numNetworks: networks,
  };
}
