import { mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Logger } from "@graticule/core";
import type { Loader, LoaderSpan } from "@graticule/data";
import type { Module } from "@graticule/nn";
import type { CommunicationSpan, Strategy } from "../strategy.js";
import { clockOffset } from "./align-clocks.js";
import { type TraceEvent, traceEvents } from "./trace-events.js";
import { describeSummary, summarizeTrace } from "./trace-summary.js";
import { type TracedModules, traceModules } from "./traced-modules.js";
import { makeTracer, monotonicSeconds, type TraceRow, type TraceSpan } from "./tracer.js";

export interface RunTraceOptions {
  readonly runFolder: string;
  /** First and last step of the window, counted from 1; none is traced unless given. */
  readonly steps: readonly [first: number, last: number] | undefined;
  readonly model: Module;
  readonly loader: Pick<Loader, "recordWork">;
  readonly strategy: Strategy;
  readonly logger: Logger;
}

/** The timeline of some steps of a run. */
export interface RunTrace {
  /** Begins a span; the function that it returns ends it. */
  begin(row: TraceRow, name: string): () => void;
  /** To be called when a backward pass is done. */
  endBackward(): void;
  /** To be called between steps, after saving: opens the window, or closes it and writes the files. Collective. */
  between(step: number): Promise<void>;
  /** Gives the model its own methods back if the window is still open. */
  close(): void;
}

interface OpenWindow {
  readonly start: number;
  readonly modules: TracedModules;
  readonly stopCommunication: () => readonly CommunicationSpan[];
  readonly stopLoader: () => readonly LoaderSpan[];
}

/**
 * Traces a window of steps: each rank writes `trace/rank-N.json` into the run folder, rank 0 joins them to
 * `trace/trace.json`, for Perfetto or chrome://tracing, and logs where each rank's time went. Saves and evaluations before
 * the first step are left out, those after the last one belong to it. What can't be written is logged; training goes on.
 */
export function openRunTrace({ runFolder, steps, model, loader, strategy, logger }: RunTraceOptions): RunTrace {
  const tracer = makeTracer();
  let open: OpenWindow | undefined;

  function start(): void {
    tracer.start();
    const modules = traceModules(model, tracer);
    const stopCommunication = strategy.recordCommunication?.() ?? (() => []);
    open = { start: monotonicSeconds(), modules, stopCommunication, stopLoader: loader.recordWork() };
  }

  async function finish({ start, modules, stopCommunication, stopLoader }: OpenWindow): Promise<void> {
    const [first, last] = steps as readonly [number, number];
    const end = monotonicSeconds();
    modules.restore();
    const inThreads = stopLoader().map((span): TraceSpan => ({ ...span, row: "loader thread" }));
    const spans = [...tracer.stop(), ...stopCommunication().flatMap(communicationSpans), ...inThreads];
    const { rank, worldSize } = strategy;
    const offset = await clockOffset(strategy);
    const origin = Math.min(...(await strategy.gather(start + offset)));
    const summaries = await strategy.gather(summarizeTrace(spans, start, end));
    const folder = join(runFolder, "trace");
    const failures = await strategy.gather(
      await failureOf(async () => {
        await mkdir(folder, { recursive: true });
        const events = traceEvents(rank, `rank ${rank} on ${hostname()}`, spans, offset - origin);
        await writeTrace(join(folder, rankFile(rank)), events);
      }),
    );
    if (rank > 0) return;
    const failure =
      failures.find((each) => each !== null) ??
      (await failureOf(async () => {
        const events: TraceEvent[] = [];
        for (let other = 0; other < worldSize; other++)
          events.push(...JSON.parse(await readFile(join(folder, rankFile(other)), "utf8")).traceEvents);
        await writeTrace(join(folder, "trace.json"), events);
      }));
    if (failure) logger.warn(`trace of steps ${first} to ${last} not written: ${failure}`);
    const lines = summaries.map((each, other) => `\n  rank ${other}: ${describeSummary(each)}`);
    const where = failure ? "" : `, in ${join(folder, "trace.json")}`;
    logger.info(`steps ${first} to ${last} took ${(end - start).toFixed(3)} s${where}${lines.join("")}`);
  }

  return {
    begin: tracer.begin,
    endBackward: () => open?.modules.endBackward(),
    async between(step) {
      if (!steps) return;
      if (open && step >= steps[1]) {
        const window = open;
        open = undefined;
        await finish(window);
      }
      if (step === steps[0] - 1) start();
    },
    close() {
      open?.modules.restore();
      open?.stopCommunication();
      open?.stopLoader();
      open = undefined;
      tracer.stop();
    },
  };
}

const rankFile = (rank: number): string => `rank-${rank}.json`;

/** An operation as it went on, and the time that it blocked the rank. */
function communicationSpans({ name, communicator, bytes, start, end, blockedFrom }: CommunicationSpan): TraceSpan[] {
  const details = { communicator, bytes };
  const going: TraceSpan = { row: "communication", name, start, end, details };
  return blockedFrom === undefined ? [going] : [going, { ...going, row: "waiting", start: blockedFrom }];
}

function writeTrace(path: string, traceEvents: readonly TraceEvent[]): Promise<void> {
  return writeFile(path, JSON.stringify({ displayTimeUnit: "ms", traceEvents }));
}

async function failureOf(run: () => Promise<void>): Promise<string | null> {
  try {
    await run();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
