import { ConfigError } from "@graticule/core";
import { SPLITS, type Split, stratifiedSplit } from "@graticule/data";

/** How samples are shared out where nothing else says it. */
export interface SplitOptions {
  /** The samples of one split; all of them if absent. */
  readonly split?: Split;
  /** 0.8, 0.1, 0.1 if absent. */
  readonly splitFractions?: Readonly<Record<Split, number>>;
  /** Decides which samples go where; 0 if absent. */
  readonly seed?: number;
}

const DEFAULT_FRACTIONS: Readonly<Record<Split, number>> = { train: 0.8, val: 0.1, test: 0.1 };

/**
 * The entries of one split: those that say so of themselves, or else a share drawn by a seed, each class alike.
 *
 * @throws {ConfigError} if there is no such split, or the entries name others only.
 */
export function splitEntries<Entry extends { readonly split?: string | undefined; readonly label?: number }>(
  where: string,
  entries: readonly Entry[],
  { split, splitFractions = DEFAULT_FRACTIONS, seed = 0 }: SplitOptions,
): readonly Entry[] {
  if (split === undefined) return entries;
  if (!SPLITS.includes(split)) throw new ConfigError(`${where}: expected split train, val or test, got '${split}'.`);
  const present = SPLITS.filter((name) => entries.some((entry) => entry.split === name));
  if (present.length === 0) {
    const labels = entries.map(({ label = -1 }) => label);
    return Array.from(stratifiedSplit(labels, splitFractions, seed)[split], (index) => entries[index] as Entry);
  }
  if (present.includes(split)) return entries.filter((entry) => entry.split === split);
  throw new ConfigError(
    `${where}: expected images of split '${split}', got those of ${present.join(" and ")}. Use one of these.`,
  );
}
