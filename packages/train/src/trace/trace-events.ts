import { type TraceRow, type TraceSpan, traceRows } from "./tracer.js";

/** One entry of `traceEvents`. Units: microseconds. */
export type TraceEvent =
  | {
      readonly ph: "M";
      readonly name: "process_name" | "process_sort_index" | "thread_name" | "thread_sort_index";
      readonly pid: number;
      readonly tid: number;
      readonly args: { readonly name: string } | { readonly sort_index: number };
    }
  | {
      readonly ph: "X";
      readonly name: string;
      readonly cat: string;
      readonly pid: number;
      readonly tid: number;
      readonly ts: number;
      readonly dur: number;
      readonly args: Readonly<Record<string, string | number>>;
    };

/** Room for operations that are under way at once: each takes a line of its own. */
const LINES_OF_A_ROW = 100;

/** A row as it is drawn, and what belongs there. */
interface DrawnRow {
  readonly row: TraceRow;
  readonly title: string;
  readonly spans: readonly TraceSpan[];
}

/**
 * A rank's spans as complete events: the rank is the process, each row a thread. Spans of a row that overlap without
 * lying in each other, as operations between ranks do, go to further lines of the row.
 *
 * Source: Trace Event Format, Google 2016, "Complete Events" and "Metadata Events".
 *
 * @param offset what is added to the spans' times. Units: seconds.
 */
export function traceEvents(
  rank: number,
  processName: string,
  spans: readonly TraceSpan[],
  offset: number,
): TraceEvent[] {
  const events: TraceEvent[] = [];
  const name = (kind: "process" | "thread", tid: number, text: string, order: number): void => {
    events.push({ ph: "M", name: `${kind}_name`, pid: rank, tid, args: { name: text } });
    events.push({ ph: "M", name: `${kind}_sort_index`, pid: rank, tid, args: { sort_index: order } });
  };
  name("process", 0, processName, rank);
  for (const [at, { row, title, spans: own }] of drawnRows(spans).entries()) {
    /** The ends of the spans that are open on each line, the outermost first. */
    const lines: number[][] = [[]];
    for (const { name, start, end, details = {} } of own) {
      let line = lines.findIndex((open) => {
        while (open.length > 0 && (open.at(-1) as number) <= start) open.pop();
        return open.length === 0 || (row !== "communication" && (open.at(-1) as number) >= end);
      });
      if (line < 0) line = lines.push([]) - 1;
      (lines[line] as number[]).push(end);
      const tid = at * LINES_OF_A_ROW + line;
      const [ts, to] = [microseconds(start + offset), microseconds(end + offset)];
      events.push({ ph: "X", name, cat: row, pid: rank, tid, ts, dur: to - ts, args: details });
    }
    for (const line of lines.keys()) {
      const tid = at * LINES_OF_A_ROW + line;
      name("thread", tid, line === 0 ? title : `${title} (${line + 1})`, tid);
    }
  }
  return events;
}

/** The rows that have something, each in the order of time, what lies in something else behind it. */
function drawnRows(spans: readonly TraceSpan[]): DrawnRow[] {
  return traceRows.flatMap((row) => {
    const own = spans.filter((span) => span.row === row).sort((a, b) => a.start - b.start || b.end - a.end);
    const threads = [...new Set(own.map(({ thread }) => thread))].sort();
    return threads.map((thread) => ({
      row,
      title: thread === undefined ? row : `loader, ${thread}`,
      spans: own.filter((span) => span.thread === thread),
    }));
  });
}

/**
 * Whole ones: Perfetto cuts fractions off at a nanosecond, of start and duration apart, and drops a span that sticks out of
 * the one around it. Both ends are rounded, so that what lies in another span still does.
 */
const microseconds = (seconds: number): number => Math.round(seconds * 1e6);
