/** Rows of a rank's timeline, from top to bottom; `loader thread` stands for one of each thread that makes batches. */
export const traceRows = [
  "step",
  "compute",
  "communication",
  "waiting",
  "loader",
  "loader thread",
  "checkpoint",
] as const;

export type TraceRow = (typeof traceRows)[number];

/** Something that took time. Units: seconds of this machine's monotonic clock. */
export interface TraceSpan {
  readonly row: TraceRow;
  /** Of a `loader thread`: which. */
  readonly thread?: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly details?: Readonly<Record<string, string | number>>;
}

/** Collects spans while a window of steps is traced; costs a call outside it. */
export interface Tracer {
  readonly isOn: boolean;
  /** Begins a span; the function that it returns ends it. */
  begin(row: TraceRow, name: string): () => void;
  start(): void;
  /** The spans that ended since `start`. */
  stop(): TraceSpan[];
}

const nothing = (): void => {};

/** The clock that all processes of a machine share; MPI's records are of the same. Units: seconds. */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

export function makeTracer(): Tracer {
  let spans: TraceSpan[] | undefined;
  return {
    get isOn() {
      return spans !== undefined;
    },
    begin(row, name) {
      if (!spans) return nothing;
      const start = monotonicSeconds();
      return () => void spans?.push({ row, name, start, end: monotonicSeconds() });
    },
    start() {
      spans = [];
    },
    stop() {
      const collected = spans ?? [];
      spans = undefined;
      return collected;
    },
  };
}
