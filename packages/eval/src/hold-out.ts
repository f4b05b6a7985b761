import { makeRandom } from "@graticule/core";

/**
 * Holds out the same share of each class. A class of one item keeps it; any other gives at least one and keeps at least
 * one, which `stratifiedSplit` of @graticule/data does not promise.
 *
 * @returns item numbers, each part in rising order.
 */
export function holdOut(
  labels: Int32Array,
  numClasses: number,
  fraction: number,
  seed: number,
): { kept: Int32Array; heldOut: Int32Array } {
  const byClass: number[][] = Array.from({ length: numClasses }, () => []);
  labels.forEach((label, item) => {
    byClass[label]?.push(item);
  });
  const kept: number[] = [];
  const heldOut: number[] = [];
  byClass.forEach((items, label) => {
    const size = items.length;
    const share = size < 2 ? 0 : Math.min(size - 1, Math.max(1, Math.round(size * fraction)));
    makeRandom(seed, "stratified-split", label)
      .permutation(size)
      .forEach((position, index) => {
        (index < share ? heldOut : kept).push(items[position] as number);
      });
  });
  return { kept: Int32Array.from(kept).sort(), heldOut: Int32Array.from(heldOut).sort() };
}
