import { channelName, parseChannel } from "./weather-channel.js";

/** WeatherBench's 13 pressure levels. */
const LEVELS_13 = [50, 100, 150, 200, 250, 300, 400, 500, 600, 700, 850, 925, 1000];
const LEVELS_17 = [10, 20, 30, 50, 70, 100, 150, 200, 250, 300, 400, 500, 600, 700, 850, 925, 1000];
const LEVELS_CLIMAX = [50, 250, 500, 600, 700, 850, 925];
const WINDS_AND_T2M = ["t2m", "u10", "v10"];

function onLevels(names: readonly string[], levelsHpa: readonly number[]): string[] {
  return names.flatMap((name) =>
    levelsHpa.map((levelHpa) => channelName({ ...parseChannel(`${name}_${levelHpa}`), levelHpa })),
  );
}

/**
 * The 84 input channels of the D-CHAG forecasting run, in their order: t2m, u10, v10, z on 13 levels, q, t, u and v on
 * 17 levels each.
 *
 * Source: Tsaris et al. 2025, arXiv:2506.21411, artifact A3, configs/era5.yaml.
 */
export const DCHAG_84_CHANNELS: readonly string[] = Object.freeze([
  ...WINDS_AND_T2M,
  ...onLevels(["z"], LEVELS_13),
  ...onLevels(["q", "t", "u", "v"], LEVELS_17),
]);

/**
 * 80 channels as the D-CHAG paper counts them: 5 atmospheric variables on more than 10 levels, and 3 at the surface.
 *
 * The paper does not list them, and 77 is no multiple of 5. This list is the artifact's 84 channels without the level
 * at 10 hPa of q, t, u and v, which gives the count; which levels the authors left out is not known.
 *
 * Source: Tsaris et al. 2025, arXiv:2506.21411 (the count).
 */
export const DCHAG_80_CHANNELS: readonly string[] = Object.freeze([
  ...WINDS_AND_T2M,
  ...onLevels(["z"], LEVELS_13),
  ...onLevels(["q", "t", "u", "v"], LEVELS_17.slice(1)),
]);

/**
 * ClimaX's 48 variables in their order: three static ones, three at the surface, six on 7 levels.
 *
 * Source: Nguyen et al. 2023, arXiv:2301.10343, configs/global_forecast_climax.yaml.
 */
export const CLIMAX_48_CHANNELS: readonly string[] = Object.freeze([
  "lsm",
  "orography",
  "lat2d",
  ...WINDS_AND_T2M,
  ...onLevels(["z", "u", "v", "t", "r", "q"], LEVELS_CLIMAX),
]);

/** What ClimaX and the D-CHAG run predict when they are scored. Source: both configs, `out_variables`. */
export const FORECAST_TARGET_CHANNELS: readonly string[] = Object.freeze(["z500", "t850", "t2m", "u10", "v10"]);
