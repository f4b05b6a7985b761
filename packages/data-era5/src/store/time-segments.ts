import { FormatError } from "@graticule/core";

/** A run of times in equal steps. Units: hours since 1970-01-01 00:00 in the store's calendar. */
export interface TimeSegment {
  readonly startHours: number;
  readonly stepHours: number;
  readonly count: number;
}

/** Writes ascending times as runs of equal steps: a gap begins a new run. */
export function toSegments(hours: ArrayLike<number>): TimeSegment[] {
  const segments: { startHours: number; stepHours: number; count: number }[] = [];
  for (let index = 0; index < hours.length; index++) {
    const time = hours[index] as number;
    const last = segments.at(-1);
    const step = last && time - (last.startHours + last.stepHours * (last.count - 1));
    if (last && step !== undefined && (last.count === 1 || step === last.stepHours)) {
      last.stepHours = step;
      last.count += 1;
    } else segments.push({ startHours: time, stepHours: 0, count: 1 });
  }
  return segments;
}

/**
 * The times that segments stand for.
 *
 * @throws {FormatError} naming `path`, if they don't ascend or are not `count` in number.
 */
export function fromSegments(segments: readonly TimeSegment[], count: number, path: string): Float64Array {
  const total = segments.reduce((sum, segment) => sum + segment.count, 0);
  if (total !== count) throw new FormatError(path, `times of ${count} records`, `${total}`);
  const hours = new Float64Array(count);
  let next = 0;
  for (const { startHours, stepHours, count } of segments)
    for (let index = 0; index < count; index++) hours[next++] = startHours + index * stepHours;
  const late = hours.findIndex((time, index) => !(index === 0 || time > (hours[index - 1] as number)));
  if (late >= 0) throw new FormatError(path, "times that ascend", `${hours[late]} behind ${hours[late - 1]} hours`);
  return hours;
}

/** Index of a time among ascending ones; −1 if it is not there. */
export function findTime(hours: Float64Array, time: number): number {
  const index = firstFrom(hours, time);
  return hours[index] === time ? index : -1;
}

/** Index of the first time that is not before `time`; the number of times if all are. */
export function firstFrom(hours: Float64Array, time: number): number {
  let [low, high] = [0, hours.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hours[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
