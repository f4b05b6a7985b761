import type { LowRankUpdate } from "@graticule/ops";
import { concat, type Tensor } from "@tensorflow/tfjs-core";

/** The sum of at least one update of a weight, as one of their joined rank. */
export function joinUpdates(updates: readonly LowRankUpdate[]): LowRankUpdate {
  const [first] = updates as [LowRankUpdate];
  if (updates.length === 1) return first;
  const joined = (factor: "down" | "up", dim: number): Tensor =>
    concat(
      updates.map((update) => update[factor]),
      dim,
    );
  return { down: joined("down", 0), up: joined("up", 1) };
}
