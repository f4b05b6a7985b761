import { intersect, subtract, totalSeconds, unite } from "./intervals.js";
import type { TraceRow, TraceSpan } from "./tracer.js";

/**
 * Where a rank's time went. `compute`, `waiting`, `loader`, `checkpoint` and `idle` make up the window; communication
 * goes on beside them. Units: seconds.
 */
export interface TraceSummary {
  readonly seconds: number;
  /** Forward and backward passes, norms, updates, evaluations, without the time that other ranks kept them waiting. */
  readonly compute: number;
  /** While at least one operation between ranks was under way. */
  readonly communication: number;
  /** Of that, while this rank computed. */
  readonly hidden: number;
  /** Blocked by operations between ranks, or awaiting them. */
  readonly waiting: number;
  readonly loader: number;
  readonly checkpoint: number;
  /** Neither of these. */
  readonly idle: number;
}

export function summarizeTrace(spans: readonly TraceSpan[], start: number, end: number): TraceSummary {
  const window = [[start, end]] as const;
  const of = (...rows: TraceRow[]) =>
    intersect(unite(spans.filter(({ row }) => rows.includes(row)).map((span) => [span.start, span.end])), window);
  const checkpoint = of("checkpoint");
  const loader = subtract(of("loader"), checkpoint);
  const waiting = subtract(of("waiting"), unite([...checkpoint, ...loader]));
  const compute = subtract(of("compute"), unite([...checkpoint, ...loader, ...waiting]));
  const communication = of("communication");
  const busy = unite([...checkpoint, ...loader, ...waiting, ...compute]);
  return {
    seconds: end - start,
    compute: totalSeconds(compute),
    communication: totalSeconds(communication),
    hidden: totalSeconds(intersect(communication, compute)),
    waiting: totalSeconds(waiting),
    loader: totalSeconds(loader),
    checkpoint: totalSeconds(checkpoint),
    idle: end - start - totalSeconds(busy),
  };
}

/** For example `compute 80.1 %, communication 25.0 % (92.4 % of it behind compute), waiting 2.1 %, loader 1.0 %, checkpoint 0.0 %, idle 16.8 %`. */
export function describeSummary(summary: TraceSummary): string {
  const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(whole, 1e-9)).toFixed(1)} %`;
  const { seconds, compute, communication, hidden, waiting, loader, checkpoint, idle } = summary;
  return [
    `compute ${percent(compute, seconds)}`,
    `communication ${percent(communication, seconds)} (${percent(hidden, communication)} of it behind compute)`,
    `waiting ${percent(waiting, seconds)}`,
    `loader ${percent(loader, seconds)}`,
    `checkpoint ${percent(checkpoint, seconds)}`,
    `idle ${percent(idle, seconds)}`,
  ].join(", ");
}
