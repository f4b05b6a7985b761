/** Stretches of time: apart from each other and in order. Units: seconds. */
export type Intervals = readonly (readonly [start: number, end: number])[];

/** The time that any of some stretches covers. */
export function unite(stretches: Iterable<readonly [start: number, end: number]>): Intervals {
  const united: [number, number][] = [];
  for (const [start, end] of [...stretches].sort((a, b) => a[0] - b[0])) {
    const last = united.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else if (end > start) united.push([start, end]);
  }
  return united;
}

/** The time that is in both. */
export function intersect(a: Intervals, b: Intervals): Intervals {
  const shared: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [one, other] = [a[i] as Intervals[number], b[j] as Intervals[number]];
    const [start, end] = [Math.max(one[0], other[0]), Math.min(one[1], other[1])];
    if (end > start) shared.push([start, end]);
    if (one[1] < other[1]) i++;
    else j++;
  }
  return shared;
}

/** The time that is in the first and not in the second. */
export function subtract(a: Intervals, b: Intervals): Intervals {
  const [first, last] = [a[0]?.[0] ?? 0, a.at(-1)?.[1] ?? 0];
  const gaps: [number, number][] = [];
  let from = first;
  for (const [start, end] of b) {
    gaps.push([from, start]);
    from = end;
  }
  gaps.push([from, last]);
  return intersect(a, unite(gaps));
}

export function totalSeconds(intervals: Intervals): number {
  return intervals.reduce((sum, [start, end]) => sum + end - start, 0);
}
