import { ConfigError } from "@graticule/core";
import type { ForecastRun } from "./open-run.js";

/** An ensemble that is asked of a run. */
export interface EnsembleChoice {
  /** M, at least 2. */
  readonly members: number;
  /** Standard deviation of noise on the states, in units of each channel's own; the run's latent noise alone if absent. */
  readonly inputNoise?: number;
  readonly seed: number;
}

/** @throws {ConfigError} unless something sets the members apart. */
export function assertEnsemble({ hasNoise, folder }: ForecastRun, { members, inputNoise }: EnsembleChoice): void {
  if (!(members >= 2)) throw new ConfigError(`--members: expected 2 or more, got ${members}.`);
  if (!hasNoise && !(inputNoise !== undefined && inputNoise > 0))
    throw new ConfigError(
      `--input-noise: expected a number above 0, as ${folder} was trained without ensemble.members, got ${inputNoise ?? "none"}. 0.1 is a tenth of each channel's standard deviation.`,
    );
}
