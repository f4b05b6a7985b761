import type { ScoreRecord } from "@graticule/eval";

/** Says in one line what a score stands on: definition, starts, grid, weights, climatology, truth, checkpoint, intervals. */
export function describeProvenance(record: Omit<ScoreRecord, "value" | "unit">): string {
  const { definition, samples, dates, grid, weights, climatology, truth, checkpoint, bootstrap } = record;
  const short = (id: string): string => (/^[0-9a-f]{32,}$/.test(id) ? id.slice(0, 12) : id);
  return [
    `Definitions ${definition.split(".")[0]}`,
    `${samples} starts from ${dates[0]} to ${dates[1]}`,
    `grid ${grid}`,
    `weights ${weights}`,
    ...(climatology === null ? [] : [`climatology: ${climatology}`]),
    `truth ${short(truth)}`,
    `checkpoint ${checkpoint === null ? "unknown" : short(checkpoint)}`,
    ...(bootstrap
      ? [
          `${100 * bootstrap.level} % intervals of ${bootstrap.resamples} resamples in blocks of ${bootstrap.blockLength} starts`,
        ]
      : []),
  ].join("; ");
}
