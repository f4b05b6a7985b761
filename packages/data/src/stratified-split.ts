import { ConfigError, makeRandom } from "@graticule/core";

/**
 * Splits samples so that each part holds each class in the given fractions, as near as whole samples allow.
 * A class's remainder goes to the parts with the largest fraction left over, the first named winning ties.
 *
 * @param fractions part name → fraction; they sum to 1.
 * @returns part name → indices, ascending; each sample is in exactly one part.
 * @throws {ConfigError} if the fractions are negative or don't sum to 1.
 */
export function stratifiedSplit<Part extends string>(
  labels: ArrayLike<number>,
  fractions: Readonly<Record<Part, number>>,
  seed: number,
): Record<Part, Int32Array> {
  const parts = Object.keys(fractions) as Part[];
  const total = parts.reduce((sum, part) => sum + fractions[part], 0);
  if (parts.some((part) => !(fractions[part] >= 0)) || Math.abs(total - 1) > 1e-6)
    throw new ConfigError(
      `stratifiedSplit: expected fractions from 0 that sum to 1, got ${JSON.stringify(fractions)}. Write them so that nothing is left over.`,
    );
  const byLabel = new Map<number, number[]>();
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] as number;
    const members = byLabel.get(label);
    if (members) members.push(index);
    else byLabel.set(label, [index]);
  }
  const chosen = new Map<Part, number[]>(parts.map((part) => [part, []]));
  for (const [label, members] of byLabel) {
    const order = makeRandom(seed, "split", `class ${label}`).permutation(members.length);
    const counts = apportion(
      members.length,
      parts.map((part) => fractions[part]),
    );
    let from = 0;
    for (const [position, part] of parts.entries()) {
      const to = from + (counts[position] as number);
      for (const member of order.subarray(from, to)) chosen.get(part)?.push(members[member] as number);
      from = to;
    }
  }
  const entries = [...chosen].map(([part, indices]) => [part, Int32Array.from(indices).sort()] as const);
  return Object.fromEntries(entries) as Record<Part, Int32Array>;
}

/** Whole numbers near `fractions · total` that sum to it (largest remainder). */
function apportion(total: number, fractions: readonly number[]): number[] {
  const exact = fractions.map((fraction) => fraction * total);
  const counts = exact.map((value) => Math.floor(value + 1e-9));
  const byRemainder = exact
    .map((value, part) => ({ part, remainder: value - (counts[part] as number) }))
    .sort((a, b) => b.remainder - a.remainder || a.part - b.part);
  let left = total - counts.reduce((sum, count) => sum + count, 0);
  for (const { part } of byRemainder) if (left-- > 0) counts[part] = (counts[part] as number) + 1;
  return counts;
}
