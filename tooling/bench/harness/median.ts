import type { Measured } from "./run-json.js";

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The median of each number over runs that measured the same things. */
export function medians(runs: readonly Measured[]): Measured {
  const [first = {}] = runs;
  return Object.fromEntries(
    Object.entries(first).map(([name, value]) => [
      name,
      typeof value === "number"
        ? rounded(median(runs.map((run) => run[name] as number)))
        : medians(runs.map((run) => run[name] as Measured)),
    ]),
  );
}

/**
 * How many times faster ours is than a peer, wherever both measured the same time: the median over the pairs of runs.
 * A number where the time stands at the top; a group by case where it stands in cases.
 */
export function speedRatio(
  ours: readonly Measured[],
  peer: readonly Measured[],
  time: string,
): number | Measured | undefined {
  const [first = {}] = ours;
  if (typeof first[time] === "number") {
    if (typeof peer[0]?.[time] !== "number") return undefined;
    return rounded(median(ours.map((run, pair) => (peer[pair]?.[time] as number) / (run[time] as number))));
  }
  const cases: Record<string, number | Measured> = {};
  for (const [name, value] of Object.entries(first)) {
    if (typeof value === "number" || typeof peer[0]?.[name] !== "object") continue;
    const of = (runs: readonly Measured[]): Measured[] => runs.map((run) => run[name] as Measured);
    const ratio = speedRatio(of(ours), of(peer), time);
    if (ratio !== undefined) cases[name] = ratio;
  }
  return cases;
}

export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
