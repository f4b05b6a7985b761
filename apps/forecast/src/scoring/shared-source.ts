import { tasksInOrder } from "@graticule/classify";
import type { Communicator } from "@graticule/mpi";
import type { ForecastSource } from "./forecast-source.js";

/** Which forecast of a source. */
export interface ForecastTime {
  readonly startHours: number;
  readonly leadTimeHours: number;
}

/**
 * A source whose forecasts are made by all ranks and read on rank 0, in the order given; the same bits for any number of ranks.
 * The others come back without one when theirs are made. Collective.
 *
 * @param planeSize cells of the grid.
 */
export async function sharedSource(
  world: Communicator,
  source: ForecastSource,
  forecasts: readonly ForecastTime[],
  planeSize: number,
): Promise<ForecastSource | undefined> {
  const layout = { parts: source.numMembers ?? 1, size: source.channels.length * planeSize };
  const made = tasksInOrder(world, { count: forecasts.length, ...layout }, (task) => {
    const { startHours, leadTimeHours } = forecasts[task] as ForecastTime;
    return source.read(startHours, leadTimeHours);
  });
  if (world.rank > 0) {
    await made.next();
    return undefined;
  }
  const read = async () => ((await made.next()) as IteratorYieldResult<readonly Float32Array[]>).value;
  return { ...source, read };
}
