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
  if (world.size === 1) return source;
  const fieldSize = source.channels.length * planeSize;
  const size = fieldSize * (source.numMembers ?? 1);
  const made = tasksInOrder(world, { count: forecasts.length, size }, async (task) => {
    const { startHours, leadTimeHours } = forecasts[task] as ForecastTime;
    const joined = new Float32Array(size);
    for (const [member, fields] of (await source.read(startHours, leadTimeHours)).entries())
      joined.set(fields, member * fieldSize);
    return joined;
  });
  if (world.rank > 0) {
    await made.next();
    return undefined;
  }
  return {
    ...source,
    async read() {
      const { value } = (await made.next()) as IteratorYieldResult<Float32Array>;
      return Array.from({ length: source.numMembers ?? 1 }, (_, member) =>
        value.subarray(member * fieldSize, (member + 1) * fieldSize),
      );
    },
  };
}
