import { expectation, ShapeError } from "@graticule/core";
import {
  type ChannelVitConfig,
  type ChannelVitOverrides,
  channelVitConfig,
  checkChannelVitConfig,
} from "../channel-vit/config.js";
import type { ChannelVitPreset } from "../channel-vit/presets.js";

/** A `ChannelVit` that predicts some of its own channels at a later time. */
export interface ForecasterConfig extends ChannelVitConfig {
  /** The channels that it predicts, as positions among its input channels: V of them, the order of its output. */
  readonly targets: readonly number[];
  /**
   * V factors of the network's output where the prediction is what is now + factor · output; none where the output is the
   * prediction itself. Ones, or the standard deviation of each channel's change over the lead time in units of its own.
   */
  readonly residualScale?: readonly number[];
}

export type ForecasterOverrides = Omit<ChannelVitOverrides, "outChannels"> &
  Partial<Pick<ForecasterConfig, "targets" | "residualScale">>;

/**
 * The configuration of a named size for C channels; overrides win over the preset. Unless given all channels are
 * predicted, directly; the rest is as in `channelVitConfig`.
 *
 * @throws {RangeError} if the preset is unknown or the result is not a model that can be built.
 * @throws {ShapeError} if there isn't a residual factor for each target.
 */
export function forecasterConfig(preset: ChannelVitPreset, overrides: ForecasterOverrides): ForecasterConfig {
  const { inChannels } = overrides;
  const targets = overrides.targets ?? Array.from({ length: inChannels }, (_, channel) => channel);
  return checkForecasterConfig({
    ...channelVitConfig(preset, { ...overrides, outChannels: targets.length }),
    ...(overrides.residualScale && { residualScale: overrides.residualScale }),
    targets,
  });
}

/**
 * @throws {RangeError} if a target is no channel or there twice, or the rest is not a model that can be built.
 * @throws {ShapeError} if there isn't a residual factor for each target.
 */
export function checkForecasterConfig(config: ForecasterConfig): ForecasterConfig {
  const { targets, inChannels, outChannels, residualScale } = config;
  const bad = targets.find(
    (channel, index) => !(channel in Array.from({ length: inChannels })) || targets.indexOf(channel) !== index,
  );
  if (bad !== undefined || targets.length === 0)
    throw new RangeError(
      expectation(
        "forecasterConfig",
        `targets among the channels 0 to ${inChannels - 1}, each once`,
        `${bad ?? "none"}`,
      ),
    );
  if (outChannels !== targets.length)
    throw new ShapeError("forecasterConfig", `outChannels ${targets.length}, one for each target`, `${outChannels}`);
  if (residualScale && residualScale.length !== targets.length)
    throw new ShapeError("forecasterConfig", `${targets.length} values of residualScale`, `${residualScale.length}`);
  return checkChannelVitConfig(config);
}
