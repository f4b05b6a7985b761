import { silentLogger } from "@graticule/core";
import { lockRun, type RunLock } from "./run-lock.js";
import { singleDevice } from "./strategy.js";
import { together } from "./together.js";
import type { TrainOptions } from "./train-options.js";

/**
 * Calls a function while this process, or process 0 of several, holds the run folder's lock.
 *
 * @throws {GraticuleError} on all processes if another job trains there.
 */
export async function withRunLock<T>(
  {
    runFolder,
    strategy = singleDevice(),
    logger = silentLogger,
  }: Pick<TrainOptions, "runFolder" | "strategy" | "logger">,
  run: (lock: RunLock) => Promise<T>,
): Promise<T> {
  let own: RunLock | undefined;
  await together(strategy, async () => {
    if (strategy.rank === 0) own = await lockRun(runFolder, logger);
  });
  const assertHeld = async (): Promise<void> => void (await together(strategy, () => own?.assertHeld()));
  const release = async (): Promise<void> => own?.release();
  try {
    return await run({ assertHeld, release });
  } finally {
    await release();
  }
}
