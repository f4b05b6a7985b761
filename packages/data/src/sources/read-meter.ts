/** A read from a file or over HTTP. Units: bytes; seconds of the clock of `process.hrtime`, which all threads share. */
export interface ReadSpan {
  readonly name: string;
  readonly bytes: number;
  readonly start: number;
  readonly end: number;
}

let bytesRead = 0;
let recorded: ReadSpan[] | undefined;

/** What this thread has read of samples' files since it began. */
export const readMeter = {
  /** Units: bytes. */
  get bytes(): number {
    return bytesRead;
  },
  /** Records each read from now on. */
  record(): void {
    recorded ??= [];
  },
  /** The reads since `record` or the last call, if they are recorded. */
  takeSpans(): ReadSpan[] {
    return recorded?.splice(0) ?? [];
  },
  /** Ends the recording. */
  stop(): void {
    recorded = undefined;
  },
};

/** When a read begins, for `endRead`; it costs a clock's time where reads are recorded. */
export function beginRead(): number {
  return recorded ? monotonicSeconds() : 0;
}

/** Counts a read that has ended. `from` is the file's path or address. */
export function endRead(start: number, from: string, bytes: number): void {
  bytesRead += bytes;
  if (!recorded || start === 0) return;
  const name = from.slice(Math.max(from.lastIndexOf("/"), from.lastIndexOf("\\")) + 1);
  recorded.push({ name: `read ${name}`, bytes, start, end: monotonicSeconds() });
}

/** The clock that all threads and processes of a machine share. Units: seconds. */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}
