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

/** When work begins, for `endWork` or `endRead`: 0, which costs nothing, where nothing is recorded. */
export function beginWork(): number {
  return recorded ? Number(process.hrtime.bigint()) / 1e9 : 0;
}

/** Records work that is done. */
export function endWork(start: number, name: string, details?: WorkSpan["details"]): void {
  if (!recorded || start === 0) return;
  recorded.push({ name, start, end: beginWork(), ...(details && { details }) });
}

/** Counts a read that is done, from a file's path or an address. */
export function endRead(start: number, from: string, bytes: number): void {
  bytesRead += bytes;
  if (start === 0) return;
  const name = from.slice(Math.max(from.lastIndexOf("/"), from.lastIndexOf("\\")) + 1);
  endWork(start, `read ${name}`, { bytes });
}
