import { makeRandom } from "@graticule/core";

/** The order in which an epoch visits a dataset: a permutation that depends on seed and epoch only, or 0 … length − 1. */
export function epochOrder(length: number, seed: number, epoch: number, shuffle: boolean): Int32Array {
  if (shuffle) return makeRandom(seed, "shuffle", epoch).permutation(length);
  return Int32Array.from({ length }, (_, index) => index);
}

/**
 * An order of as many samples in which all classes come equally often, up to one: rounds over the classes in a new order
 * each, and in each class its samples in a new order each time they are through. Samples without a class are left out.
 */
export function balancedOrder(labels: readonly number[], seed: number, epoch: number): Int32Array {
  const byClass = new Map<number, number[]>();
  for (const [index, label] of labels.entries())
    if (label >= 0) {
      const own = byClass.get(label) ?? [];
      own.push(index);
      byClass.set(label, own);
    }
  const classes = [...byClass.keys()].sort((a, b) => a - b);
  const taken = new Map<number, number>();
  const turns = new Map<number, Int32Array>();
  const order = new Int32Array(labels.length);
  for (let at = 0; at < order.length; ) {
    const round = makeRandom(seed, "classes", epoch, at).permutation(classes.length);
    for (const place of round.subarray(0, order.length - at)) {
      const label = classes[place] as number;
      const own = byClass.get(label) as number[];
      const count = taken.get(label) ?? 0;
      if (count % own.length === 0)
        turns.set(label, makeRandom(seed, "balanced", epoch, label, count).permutation(own.length));
      order[at++] = own[(turns.get(label) as Int32Array)[count % own.length] as number] as number;
      taken.set(label, count + 1);
    }
  }
  return order;
}
