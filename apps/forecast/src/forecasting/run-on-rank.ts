import { onEachRank, placeRanks, type RanksFlags, stderrLogger } from "@graticule/classify";
import type { Communicator } from "@graticule/mpi";
import { readTrainConfig } from "../training/train-forecaster.js";
import { type ForecastRun, openForecastRun } from "./open-run.js";

/**
 * Opens a trained run on each of some ranks, all of which have the whole model, and calls a function with it.
 *
 * @param overrides changes to the run's settings. @throws as `openForecastRun`.
 */
export async function withRunOnRanks(
  flags: RanksFlags,
  folder: string,
  overrides: readonly string[],
  use: (run: ForecastRun, world: Communicator) => Promise<void>,
): Promise<void> {
  const config = await readTrainConfig(folder, overrides);
  await onEachRank(flags, config.parallel, async (world) => {
    const { backend, logger } = await placeRanks(world, config, "each makes some of the forecasts", stderrLogger);
    const own = [`backend.device=${backend.device}`, `backend.threads=${backend.threads}`];
    const run = await openForecastRun(folder, [...overrides, ...own], logger);
    try {
      await use(run, world);
    } finally {
      await run.close();
    }
  });
}
