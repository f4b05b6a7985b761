import { formatDuration } from "@graticule/core";

/** Where progress is shown; a terminal gets one line that changes, anything else a line now and then. */
export type ProgressStream = NodeJS.WritableStream & { readonly isTTY?: boolean };

const LINE_EVERY_SECONDS = 10;

/** Makes a function that shows how far a stage is, at which rate, and when it ends: `fields 1,200 of 8,760, 310 a second, 24 s left`. */
export function makeProgressLine(
  stream: ProgressStream,
  now: () => number = () => performance.now() / 1000,
): (stage: string, done: number, total: number) => void {
  let current = "";
  let [started, first, lastShown] = [0, 0, 0];
  return (stage, done, total) => {
    if (stage !== current) [current, started, first, lastShown] = [stage, now(), done, now()];
    const isLast = done === total;
    const every = stream.isTTY ? 0.2 : LINE_EVERY_SECONDS;
    if (!isLast && now() - lastShown < every) return;
    lastShown = now();
    const rate = (done - first) / Math.max(1e-9, now() - started);
    const left = isLast ? `in ${formatDuration(now() - started)}` : `${formatDuration((total - done) / rate)} left`;
    const speed = done > first ? `, ${rate.toPrecision(3)} a second, ${left}` : "";
    const line = `${stage}: ${done} of ${total}${speed}`;
    stream.write(stream.isTTY ? `\r\u001b[K${line}${isLast ? "\n" : ""}` : `${line}\n`);
  };
}
