/** Something that took a thread time. Units: seconds of the clock of `process.hrtime`, which all threads share. */
export interface WorkSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly details?: Readonly<Record<string, number>>;
}

/** What a thread has done since it was asked the last time. */
export interface ThreadWork {
  /** Units: bytes. */
  readonly bytesRead: number;
  /** Empty where nothing is recorded. */
  readonly spans: readonly WorkSpan[];
}

let bytesRead = 0;
let bytesTold = 0;
let recorded: WorkSpan[] | undefined;

/** What this thread reads of files and over HTTP, and, while that is recorded, what it spends its time on. */
export const threadWork = {
  /** Since the thread began. Units: bytes. */
  get bytesRead(): number {
    return bytesRead;
  },
  /** Begins to record spans, or ends it. */
  record(isOn: boolean): void {
    recorded = isOn ? (recorded ?? []) : undefined;
  },
  take(): ThreadWork {
    const work = { bytesRead: bytesRead - bytesTold, spans: recorded?.splice(0) ?? [] };
    bytesTold = bytesRead;
    return work;
  },
};

/** Spans of one name that follow each other sooner are one: a crop of many bands takes hundreds of short reads. Units: seconds. */
const JOINED_GAP = 1e-4;

const now = (): number => Number(process.hrtime.bigint()) / 1e9;

/** When work begins, for `endWork` or `endRead`: 0, which costs nothing, where nothing is recorded. */
export function beginWork(): number {
  return recorded ? now() : 0;
}

/** Records work that is done. Details add up where it joins the work of the same name right before it. */
export function endWork(start: number, name: string, details?: WorkSpan["details"]): void {
  if (!recorded || start === 0) return;
  const last = recorded.at(-1);
  const isNext = last?.name === name && start >= last.end && start - last.end < JOINED_GAP;
  if (isNext) recorded.pop();
  const all = Object.entries(details ?? {}).map(([key, value]) => [
    key,
    value + (isNext ? (last.details?.[key] ?? 0) : 0),
  ]);
  const added = details && { details: Object.fromEntries(all) };
  recorded.push({ name, start: isNext ? last.start : start, end: now(), ...added });
}

/** Counts a read that is done, from a file's path or an address. */
export function endRead(start: number, from: string, bytes: number): void {
  bytesRead += bytes;
  if (start === 0) return;
  const name = from.slice(Math.max(from.lastIndexOf("/"), from.lastIndexOf("\\")) + 1);
  endWork(start, `read ${name}`, { bytes, reads: 1 });
}
