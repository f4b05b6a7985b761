/**
 * Index of the interval between neighbors of a rising or falling list that holds `value`; the first or last interval
 * for one outside of the list.
 */
export function bracket(sorted: Float64Array, value: number): number {
  const falling = (sorted[0] as number) > (sorted[sorted.length - 1] as number);
  let [low, high] = [0, sorted.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (falling ? (sorted[middle] as number) >= value : (sorted[middle] as number) <= value) low = middle;
    else high = middle;
  }
  return low;
}
