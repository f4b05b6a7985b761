/** A share in percent: `83.1`. */
export const percent = (share: number): string => (Number.isFinite(share) ? (100 * share).toFixed(1) : "–");

/** A share with its interval, in percent: `83.1 [79.4, 86.7]`. */
export const percentWithin = (share: number, interval: readonly [number, number]): string =>
  `${percent(share)} [${interval.map(percent).join(", ")}]`;
